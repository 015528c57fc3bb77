# SPDX-License-Identifier: Apache-2.0
"""What facts, and what happens to a user's information by itself, are called: the same in every list of them.

A page that tells somebody in whole sentences what they did (the portal's account of what happened) has words of its
own, since a name is no sentence. To ask for commercial messages is not to consent: the law has both (npcsc2012:7).
"""

from collections.abc import Mapping

from keshou.language import Text
from keshou.ledger.events import CANCEL_REFUSED, DUE, OVER

FACTS: Mapping[str, Text] = {
    "rules_published": Text("公布规则", "rules published"),
    "staff_appointed": Text("任命", "appointment"),
    "staff_removed": Text("免去岗位", "taken off a post"),
    "staff_left": Text("离职", "left"),
    "access_confirmed": Text("确认权限", "access confirmed"),
    "emergency_opened": Text("应急授权", "emergency opened"),
    "emergency_reviewed": Text("复核应急授权", "emergency reviewed"),
    "agent_suspended": Text("暂停代理人", "agent suspended"),
    "agent_reinstated": Text("恢复代理人", "agent reinstated"),
    "review_asked": Text("申请审查", "review asked for"),
    "review_refused": Text("审查不批准", "review refused"),
    "review_approved": Text("审查批准", "review approved"),
    "review_used": Text("用掉审查", "review used"),
    "suspension_ordered": Text("电信管理机构要求暂停", "suspension ordered"),
    "suspension_lifted": Text("解除暂停", "suspension lifted"),
    "ground_recorded": Text("登记上位法依据", "ground recorded"),
    "hold_set": Text("设定法定留存", "hold set"),
    "hold_lifted": Text("解除法定留存", "hold lifted"),
    "medium_registered": Text("登记介质", "medium registered"),
    "medium_moved": Text("移动介质", "medium moved"),
    "medium_checked": Text("核查介质", "medium checked"),
    "medium_destroyed": Text("销毁介质", "medium destroyed"),
    "restored": Text("从备份恢复", "put back from a backup"),
    "recipient_key_verified": Text("核实接收方公钥", "recipient's key verified"),
    "recipient_key_ended": Text("停用接收方公钥", "recipient's key ended"),
    "link_made": Text("建立分享链接", "link for handing over made"),
    "link_revoked": Text("终止分享链接", "link for handing over revoked"),
    "handed_over": Text("移交", "handed over"),
    "ground_ended": Text("依据终止", "ground ended"),
    "notice_shown": Text("告知规则", "rules shown"),
    "consent_given": Text("同意", "consent given"),
    "consent_withdrawn": Text("撤回同意", "consent withdrawn"),
    "consent_voided": Text("同意无效", "consent voided"),
    "messages_requested": Text("要求接收商业信息", "commercial messages asked for"),
    "messages_refused": Text("拒收商业信息", "commercial messages refused"),
    "service_started": Text("开始使用服务", "service begun"),
    "service_ended": Text("终止服务", "service ended"),
    "capacity_limited": Text("行为能力受限", "limited capacity"),
    "capacity_full": Text("行为能力恢复", "full capacity"),
    "corrected": Text("更正有凭据", "correction shown to be right"),
    "erased": Text("全部删除", "erased"),
}
"""Kind of fact -> what it is called."""
BY_ITSELF: Mapping[str, Text] = {
    DUE: Text("留存结束后销毁", "destroyed once nothing kept it"),
    OVER: Text("到期后销毁", "destroyed once its time was over"),
    CANCEL_REFUSED: FACTS["service_ended"],
}
"""Event of what goes without an act of its own -> what it is called."""
