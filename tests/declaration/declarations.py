# SPDX-License-Identifier: Apache-2.0
"""Random declarations: small worlds in which purposes, items, acts and posts meet in every way."""

import datetime as dt

from hypothesis import strategies as st
from minimal import CLEAN

from keshou.declaration.load import read
from keshou.declaration.model import Declaration, Grant, Need, Purpose, Retention
from keshou.language import Text
from keshou.law.terms import ActKind, ConsentStrength, RetentionClass

BASE = read(CLEAN).declaration
ITEMS = ("user_name", "mobile_number", "tariff_plan")
POSTS = ("officer", "clerk")
PURPOSES = ("billing", "care")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
texts = st.builds(Text, zh=words, en=words)
acts = st.lists(st.sampled_from([ActKind.COLLECT, ActKind.USE, ActKind.EXPORT]), max_size=3, unique=True).map(tuple)
needs = st.builds(Need, item=st.sampled_from(ITEMS), why=texts, acts=acts, class_=st.sampled_from(RetentionClass))
purposes = st.builds(
    Purpose,
    id=st.sampled_from(PURPOSES),
    name=texts,
    services=st.lists(st.sampled_from(["mobile", "app"]), max_size=2).map(tuple),
    commercial_messages=st.booleans(),
    provides_service=st.booleans(),
    acts=acts,
    manner=texts,
    refusal=texts,
    consent=st.sampled_from(ConsentStrength),
    ground=st.sampled_from(["", "npcsc2012:6"]),
    retention=st.builds(
        Retention,
        after=st.sampled_from(["collection", "service_end"]),
        days=st.integers(0, 800),
        months=st.integers(0, 30),
        years=st.integers(0, 3),
    ),
    recipients=st.lists(st.sampled_from(["bureau", "nobody"]), max_size=2).map(tuple),
    needs=st.lists(needs, max_size=3, unique_by=lambda need: need.item).map(tuple),
)
grants = st.builds(
    Grant,
    post=st.sampled_from(POSTS),
    purposes=st.lists(st.sampled_from(PURPOSES), max_size=2).map(tuple),
    acts=acts,
    items=st.lists(st.sampled_from(ITEMS), max_size=2).map(tuple),
    until=st.none() | st.dates(),
)
zones = st.integers(-14, 14).map(lambda hours: dt.timezone(dt.timedelta(hours=hours)))
START = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
moments = st.builds(
    lambda seconds, zone: (START + dt.timedelta(seconds=seconds)).astimezone(zone), st.integers(0, 3 * 10**9), zones
)


@st.composite
def declarations(draw) -> Declaration:
    return Declaration(
        schema=1,
        operator=BASE.operator,
        effective=draw(moments),
        services=BASE.services,
        recipients=BASE.recipients,
        purposes=tuple(draw(st.lists(purposes, max_size=2, unique_by=lambda each: each.id))),
        grants=tuple(draw(st.lists(grants, max_size=3))),
    )
