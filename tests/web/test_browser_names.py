# SPDX-License-Identifier: Apache-2.0
"""A browser is told in words by what it says of itself, and whatever it says is harmless."""

import time

import pytest

from keshou.web.console.browser_names import called

_MOZILLA = "Mozilla/5.0"
_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_KHTML}"
_MAC = f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7)"
_IPHONE = f"{_MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_PHONE = f"{_MOZILLA} (Linux; Android 14; K) {_KHTML}"
REAL = [
    (f"{_WINDOWS} Chrome/138.0.0.0 Safari/537.36", "Windows 上的 Chrome", "Chrome on Windows"),
    (f"{_WINDOWS} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0", "Windows 上的 Edge", "Edge on Windows"),
    (f"{_WINDOWS} Chrome/108.0.0.0 Safari/537.36 QIHU 360SE", "Windows 上的 360浏览器", "360 Browser on Windows"),
    (f"{_WINDOWS} Chrome/116.0 Safari/537.36 SE 2.X MetaSr 1.0", "Windows 上的搜狗浏览器", "Sogou Browser on Windows"),
    (f"{_WINDOWS} Chrome/94.0 Core/1.94 Safari/537.36 QQBrowser/12.1", "Windows 上的 QQ浏览器",
     "QQ Browser on Windows"),
    (
        f"{_MOZILLA} (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Windows 上的 Internet Explorer", "Internet Explorer on Windows",
    ),
    (f"{_MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux 上的 Firefox",
     "Firefox on Linux"),
    (
        f"{_MOZILLA} (X11; Linux x86_64) {_KHTML} HeadlessChrome/156.0.0.0 Safari/537.36",
        "Linux 上的 Chrome", "Chrome on Linux",
    ),
    (f"{_MOZILLA} (X11; CrOS x86_64 14541.0.0) {_KHTML} Chrome/137.0 Safari/537.36", "ChromeOS 上的 Chrome",
     "Chrome on ChromeOS"),
    (f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "macOS 上的 Safari",
     "Safari on macOS"),
    (f"{_MAC} {_KHTML} Chrome/138.0.0.0 Safari/537.36 OPR/121.0", "macOS 上的 Opera", "Opera on macOS"),
    (f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "iPhone 上的 Safari", "Safari on iPhone"),
    (f"{_IPHONE} CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1", "iPhone 上的 Chrome", "Chrome on iPhone"),
    (f"{_IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "iPhone 上的 Firefox", "Firefox on iPhone"),
    (f"{_IPHONE} Mobile/15E148 MicroMessenger/8.0.60(0x18003c2d)", "iPhone 上的微信", "WeChat on iPhone"),
    (f"{_PHONE} Chrome/138.0.0.0 Mobile Safari/537.36", "Android 上的 Chrome", "Chrome on Android"),
    (f"{_PHONE} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Android 上的三星浏览器",
     "Samsung Internet on Android"),
    (f"{_PHONE} Version/4.0 Chrome/100.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.9", "Android 上的小米浏览器",
     "Mi Browser on Android"),
    (f"{_PHONE} Version/4.0 Chrome/123.0 MQQBrowser/6.2 Mobile Safari/537.36 MMWEBID/1 MicroMessenger/8.0.49",
     "Android 上的微信", "WeChat on Android"),
    (f"{_MOZILLA} (Linux; Android 12; HarmonyOS; NOH) {_KHTML} Chrome/114.0 HuaweiBrowser/15.0 Mobile Safari/537.36",
     "鸿蒙系统上的华为浏览器", "Huawei Browser on HarmonyOS"),
    (f"{_MOZILLA} (Phone; OpenHarmony 5.0) {_KHTML} Chrome/132.0 Safari/537.36 ArkWeb/5.0 Mobile",
     "鸿蒙系统上的 Chrome", "Chrome on HarmonyOS"),
]  # fmt: skip
UNKNOWN = [
    ("", "没有说明自己的浏览器", "a browser that does not say which"),
    ("  ", "没有说明自己的浏览器", "a browser that does not say which"),
    ("curl/8.5.0", "程序", "a program"),
    ("python-httpx/0.28.1", "程序", "a program"),
    ("okhttp/4.12.0", "程序", "a program"),
    (f"{_MOZILLA} (Windows NT 10.0)", "Windows 上的浏览器", "a browser on Windows"),
    (f"{_MOZILLA} (PlayStation 5)", "浏览器", "a browser"),
    ("CounterApp/3.1 (Android 14)", "Android 上的不认识的浏览器或应用", "an unknown browser or app on Android"),
    ("Chromeish NotFirefoxes", "不认识的浏览器或应用", "an unknown browser or app"),
]
HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE accounts_session; --",
    "\u202eemorhC swodniW\u2066\u0000\u001b[31m",
    "{{ 7 * 7 }} ${7*7} %s {zh}",
    "(((((" * 2000 + "Chrome" + ")" * 10_000,
    f"{_MOZILLA} " * 1000,
    "a" * 10_000,
    "SE " + "1." * 5_000,
]


@pytest.mark.parametrize(("said", "zh", "en"), [*REAL, *UNKNOWN])
def test_a_browser_is_told_by_what_it_says_of_itself_and_no_more(said: str, zh: str, en: str) -> None:
    assert (called(said).zh, called(said).en) == (zh, en)


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_browser_calls_itself_nothing_of_it_is_repeated_and_it_takes_no_time(said: str) -> None:
    known = {text for _, zh, en in (*REAL, *UNKNOWN) for text in (zh, en)}
    begun = time.perf_counter()
    told = called(said)
    assert time.perf_counter() - begun < 0.1
    assert {told.zh, told.en} <= known
