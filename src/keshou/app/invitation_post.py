# SPDX-License-Identifier: Apache-2.0
"""Invitations on their way by mail, to the person they are for, by the server that codes leave by."""

from keshou.accounts.account import Account
from keshou.app.site import Site
from keshou.errors import KeshouError
from keshou.language import Text
from keshou.law.model import CHINA
from keshou.vault.key_file import read_private
from keshou.visits.senders import Channel, MailSender

_SUBJECT = "邀请 · Your invitation"
_WORDS = Text(
    zh="""您受邀以“{account}”登录恪守。请在 {until}（北京时间）之前打开这个页面，填入下面的邀请，并给自己定一个密码：
{url}

{invitation}

邀请只能用一次，不要转给任何人。不清楚这是怎么回事的话，请不要使用它，并告诉您单位管理账户的人。""",
    en="""You are invited to sign in to Keshou as "{account}". Before {until} (China time) open this page, give it the
invitation below, and choose a password of your own:
{url}

{invitation}

It serves once; pass it on to nobody. If you do not know what this is about, leave it and tell whoever looks after
accounts.""",
)
"""In both languages: nobody knows yet which one the person reads."""


def mail_invitation(site: Site, account: Account, invitation: str) -> bool:
    """Mail an invitation that was made and committed; say whether the mail server took it.

    It is not mailed where the account has no address, the settings name no mail server, or that does not take it.

    Side effects: it waits for the mail server. Never raises: the invitation is there already, and must still be told.
    """
    settings = site.settings.visits.mail
    if settings is None or not account.mail or account.invited_until is None:
        return False
    until = f"{account.invited_until.astimezone(CHINA):%Y-%m-%d %H:%M}"
    given = {
        "account": account.id, "until": until, "url": f"{site.settings.url}/console/invitation",
        "invitation": invitation,
    }  # fmt: skip
    text = "\n\n---\n\n".join(words.format(**given) for words in (_WORDS.zh, _WORDS.en))
    try:
        password = read_private(site.home / settings.password_file) if settings.password_file else b""
        MailSender(settings, password, site.now).send(account.mail, text, Channel.MAIL, _SUBJECT)
    except KeshouError:
        return False
    return True
