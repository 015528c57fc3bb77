# SPDX-License-Identifier: Apache-2.0
"""What happened to accounts and other ways in, and what waits for a second hand, in words."""

from keshou.accounts.account import What
from keshou.app.second_hand import Way
from keshou.language import Text

EVENTS = {
    What.INVITED: Text(zh="受邀", en="invited"),
    What.ACCEPTED: Text(zh="接受邀请", en="accepted the invitation"),
    What.SIGNED_IN: Text(zh="登录", en="signed in"),
    What.FAILED: Text(zh="登录失败", en="failed to sign in"),
    What.LOCKED: Text(zh="暂时锁定", en="locked for a while"),
    What.PROVEN: Text(zh="再次证明身份", en="proved themselves again"),
    What.ENROLLED: Text(zh="登记验证方式", en="enrolled a factor"),
    What.REMOVED: Text(zh="移除验证方式", en="removed a factor"),
    What.PASSWORD_CHANGED: Text(zh="更改密码", en="changed the password"),
    What.ENDED: Text(zh="会话结束", en="ended a session"),
    What.CLOSED: Text(zh="账户关闭", en="closed"),
    What.CONFIRMED: Text(zh="由第二人确认", en="confirmed by a second person"),
    What.LINKED: Text(zh="关联身份提供方的账号", en="linked a subject of the provider"),
    What.UNLINKED: Text(zh="解除关联", en="ended a link"),
    What.PROGRAM_ADDED: Text(zh="登记程序", en="added a program"),
    What.PROGRAM_CLOSED: Text(zh="关闭程序", en="closed a program"),
    What.KEY_MADE: Text(zh="生成密钥", en="made a key"),
    What.KEY_ROTATED: Text(zh="轮换密钥", en="rotated a key"),
    What.KEY_REVOKED: Text(zh="吊销密钥", en="revoked a key"),
    What.APP_KEY_ADDED: Text(zh="登记应用的密钥", en="registered an app's key"),
    What.APP_KEY_ENDED: Text(zh="吊销应用的密钥", en="ended an app's key"),
}
"""What happened -> what it is called."""
WAYS = {
    Way.INVITATION: Text(zh="重新邀请", en="invited anew"),
    Way.LINK: Text(zh="关联身份提供方的账号", en="link to a subject of the provider"),
    Way.KEY: Text(
        zh="可以指明他人或凭他人岗位行事的程序密钥", en="program's key that names others or acts by their posts"
    ),
    Way.APP_KEY: Text(zh="应用的密钥", en="app's key"),
}
"""What waits -> what it is called."""
