# SPDX-License-Identifier: Apache-2.0
"""What a browser says it is, in words: which browser on which system, and no more than it says.

What it says proves nothing. So there are no versions, and what is not known is told as not known.
"""

import re
from typing import Final

from keshou.language import Text

_LONGEST = 1024
"""Characters that are looked at: no browser says more of itself."""


def _same(name: str) -> Text:
    return Text(name, name)


_SYSTEMS: Final = (
    ("iPhone", _same("iPhone")),
    ("iPad", _same("iPad")),
    ("HarmonyOS|OpenHarmony|HMSCore", Text("鸿蒙系统", "HarmonyOS")),
    ("Android", _same("Android")),
    ("Windows Phone", _same("Windows Phone")),
    ("Windows", _same("Windows")),
    ("Macintosh|Mac OS X", _same("macOS")),
    ("CrOS", _same("ChromeOS")),
    ("Linux|X11", _same("Linux")),
)
"""What names a system -> what it is called; the first that is found counts, for later ones are named by many."""
_BROWSERS: Final = (
    ("wxwork", Text("企业微信", "WeCom")),
    ("MicroMessenger", Text("微信", "WeChat")),
    ("DingTalk", Text("钉钉", "DingTalk")),
    ("Lark|Feishu", Text("飞书", "Feishu")),
    ("AlipayClient", Text("支付宝", "Alipay")),
    ("MQQBrowser|QQBrowser", Text("QQ浏览器", "QQ Browser")),
    ("UCBrowser|UBrowser", Text("UC浏览器", "UC Browser")),
    ("Quark", Text("夸克浏览器", "Quark")),
    ("HuaweiBrowser", Text("华为浏览器", "Huawei Browser")),
    ("MiuiBrowser", Text("小米浏览器", "Mi Browser")),
    ("VivoBrowser", Text("vivo浏览器", "vivo Browser")),
    ("HeyTapBrowser", Text("OPPO浏览器", "OPPO Browser")),
    ("MetaSr|SogouMobileBrowser|SE [0-9.]+X", Text("搜狗浏览器", "Sogou Browser")),
    ("QIHU|360SE|360EE|QihooBrowser", Text("360浏览器", "360 Browser")),
    ("baiduboxapp|BIDUBrowser", Text("百度", "Baidu")),
    ("SamsungBrowser", Text("三星浏览器", "Samsung Internet")),
    ("YaBrowser", _same("Yandex Browser")),
    ("Vivaldi", _same("Vivaldi")),
    ("OPR|OPiOS|Opera", _same("Opera")),
    ("Edg|EdgA|EdgiOS|Edge", _same("Edge")),
    ("Firefox|FxiOS", _same("Firefox")),
    ("Chrome|HeadlessChrome|Chromium|CriOS", _same("Chrome")),
    ("Trident|MSIE", _same("Internet Explorer")),
    ("Safari", _same("Safari")),
)
"""The same of browsers: those built on another name that one too, so they come first."""
_PROGRAM: Final = re.compile(r"(curl|wget|python|go-http-client|okhttp|java|postman|httpie|axios|node|keshou)\b", re.I)
_SILENT: Final = Text("没有说明自己的浏览器", "a browser that does not say which")
_BROWSER: Final = Text("浏览器", "a browser")
_A_PROGRAM: Final = Text("程序", "a program")
_UNKNOWN: Final = Text("不认识的浏览器或应用", "an unknown browser or app")


def called(said: str) -> Text:
    """Return in words what calls itself `said` (a header `User-Agent`, of any length and from anybody)."""
    said = said[:_LONGEST].strip()
    if not said:
        return _SILENT
    system = _found(said, _SYSTEMS)
    browser = _found(said, _BROWSERS) or _kind(said)
    if system is None:
        return browser
    return Text(_on(system.zh, browser.zh), f"{browser.en} on {system.en}")


def _kind(said: str) -> Text:
    """Return what something is of which no browser's name is known."""
    if _PROGRAM.match(said):
        return _A_PROGRAM
    return _BROWSER if said.startswith("Mozilla/") else _UNKNOWN


def _on(system: str, browser: str) -> str:
    """Return both in Chinese, with a space beside what is written in Latin letters."""
    return f"{system}{' ' * system[-1].isascii()}上的{' ' * browser[0].isascii()}{browser}"


def _found(said: str, names: tuple[tuple[str, Text], ...]) -> Text | None:
    return next((name for words, name in names if re.search(rf"(?<![A-Za-z])(?:{words})(?![a-z])", said)), None)
