# SPDX-License-Identifier: Apache-2.0
"""The least declaration with which nothing is wrong; cases are made from it by changing a little."""

CLEAN = """\
schema = 1
effective = 2026-01-01T00:00:00+08:00
protection_measures = { zh = "加密", en = "encryption" }
risks = { zh = "泄露", en = "leaks" }

[operator]
id = "carrier"
name = { zh = "某公司", en = "A carrier" }
kinds = ["telecom"]
adopts = ["gbz28828"]
published_at = ["website"]
licence = { number = "1", authority = { zh = "管理局", en = "Authority" }, valid_until = 2030-01-01 }
contact = { phone = "1", address = { zh = "某地", en = "somewhere" } }

[[services]]
id = "mobile"
name = { zh = "移动", en = "Mobile" }
kind = "mobile"

[[purposes]]
id = "registration"
name = { zh = "登记", en = "Registration" }
services = ["mobile"]
acts = ["collect", "use", "provide", "export"]
manner = { zh = "当面", en = "in person" }
refusal = { zh = "不能入网", en = "no entry" }
consent = "express"
ground = "npcsc2012:6"
recipients = ["bureau"]
retention = { after = "service_end", years = 2 }
needs = [
    { item = "user_name", class = "registration", why = { zh = "甲", en = "a" } },
    { item = "id_document_type", class = "registration", why = { zh = "乙", en = "b" } },
    { item = "resident_id_number", class = "registration", why = { zh = "丙", en = "c" } },
    { item = "home_address", class = "registration", why = { zh = "丁", en = "d" } },
    { item = "loyalty", acts = ["collect", "use"], why = { zh = "戊", en = "e" } },
]

[[purposes]]
id = "news"
name = { zh = "推荐", en = "Offers" }
services = ["mobile"]
provides_service = false
commercial_messages = true
acts = ["collect", "use"]
manner = { zh = "短信", en = "text message" }
refusal = { zh = "没有影响", en = "nothing" }
consent = "express"
retention = { after = "collection", months = 1 }
needs = [{ item = "mobile_number", why = { zh = "发短信", en = "to send it" } }]

[[recipients]]
id = "bureau"
name = { zh = "某中心", en = "A bureau" }
contact = { phone = "2" }

[[items]]
id = "loyalty"
label = { zh = "积分", en = "Points" }
class = "C1-3"
identifies = "combined"
sensitive = false

[[departments]]
id = "office"
name = { zh = "办公室", en = "Office" }
responsible = "officer"
since = 2025-01-01

[[departments]]
id = "shop"
name = { zh = "门店", en = "Shop" }
branch = true
responsible = "officer"
since = 2025-01-01

[[posts]]
id = "officer"
name = { zh = "负责人", en = "Officer" }
department = "office"
duties = { zh = "负责", en = "answers" }
offices = ["publish", "appoint", "accounts", "orders", "grounds"]

[[posts]]
id = "clerk"
name = { zh = "店员", en = "Clerk" }
department = "shop"
duties = { zh = "登记", en = "registers" }
agent = "partner"

[[posts]]
id = "analyst"
name = { zh = "分析员", en = "Analyst" }
department = "office"
duties = { zh = "推荐", en = "recommends" }
offices = ["audit", "search"]

[[grants]]
post = "analyst"
purposes = ["registration", "news"]
acts = ["collect", "use", "export"]
full = true

[[grants]]
post = "clerk"
purposes = ["registration"]
acts = ["collect"]
items = ["user_name"]
hours = { from = "08:00", to = "20:00" }
branches = ["shop"]
until = 2030-01-01

[[agents]]
id = "partner"
name = { zh = "代理店", en = "Partner" }
contact = { phone = "3" }
supervised_by = "officer"
purposes = ["registration"]
acts = ["collect"]
items = ["user_name"]
qualification = { number = "Q", checked_on = 2025-02-01, checked_by = "officer", valid_until = 2030-02-01 }
contract = { from = 2025-03-01, until = 2030-03-01, protection_clause = true }

[channels]
complaint_answer_days = 15
query = { phone = "1" }
correct = { phone = "1" }
withdraw = { phone = "1" }
cancel = { phone = "1" }
complaint = { phone = "1" }

[review]
bulk_users = 10
reviewers = ["officer"]
valid_hours = 24

[access_review]
every_days = 180
remind_days = 14
heads_by = ["analyst"]

[emergency]
posts = ["analyst"]
minutes = 60
reasons = ["danger_to_life"]

[[finding]]
item = "mobile_number"
last_four = true
prefix = 7

[[holdings]]
id = "vault"
name = { zh = "库", en = "Store" }
kind = "vault"
items = ["user_name", "mobile_number"]
access_reviewed_on = 2026-06-01
"""
