# SPDX-License-Identifier: Apache-2.0
"""The words the sample's names, addresses and plans are put together from.

Names are common ones, because a name alone is nobody's; districts, streets and villages are invented.
"""

SURNAMES = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢",
    "欧阳",
    "司马",
    "上官",
    "诸葛",
)
GIVEN = (
    *"伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建文志国海云春梅秀林雪飞宁欣怡子轩宇浩然思雨晨曦嘉佳琪",
    "𠮷",
    "䶮",
    "㛃",
    "𬭎",
    "喆",
    "堃",
)
MINORITY_GIVEN = ("阿依古丽", "买买提", "古丽米热", "艾尔肯", "帕提古丽", "吐尔逊", "热依汗", "木合塔尔")
MINORITY_FATHER = ("艾力", "玉素甫", "卡德尔", "阿不都热合曼", "依明", "肉孜", "司马义", "尼亚孜")
FOREIGN_GIVEN = ("Ada", "Björn", "Chloë", "Dmitri", "Elif", "Fionn", "Gwen", "Håkon", "Inês", "José")
FOREIGN_FAMILY = ("Nemo", "O'Nobody", "Niemand", "Personne", "Nessuno", "Nadie", "Ninguém", "Ingen")

LONG_NAME = "Maximiliana Theodora Wilhelmina Alexandrina von Niemandsland"
"""Sixty characters: what a name column cut to fifty would spoil."""

SPECIAL_NAMES = ("𠮷野", "龚䶮", "爨", LONG_NAME, "古丽米热·阿不都热合曼", 'O\'Nobody, "Nemo"')
"""The first users of every sample, so that the smallest one has every awkward name."""

DISTRICTS = ("乌有市子虚区", "乌有市亡是区", "无何有市广漠区", "无何有市逍遥区", "华胥市南柯县", "华胥市黄粱县")
STREETS = ("莫须有路", "海市街", "蜃楼大道", "镜花巷", "水月胡同", "空中阁路", "桃源里", "烂柯街", "槐安路", "邯郸梦街")

PLANS = ("畅聊39", "畅聊59", "流量89", "流量129", "家庭159", "商务199")
DOMAINS = ("example.com", "example.net", "example.org")
