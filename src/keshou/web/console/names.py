# SPDX-License-Identifier: Apache-2.0
"""What the console calls things: offices, posts, purposes, kinds of information, branches, recipients, agents."""

from collections.abc import Iterable, Mapping

from keshou.declaration.model import Office
from keshou.declaration.render import labels
from keshou.language import Text
from keshou.web.console.desk import Desk

OFFICE: Mapping[Office, Text] = {
    Office.PUBLISH: Text("公布规则", "publishes the rules"),
    Office.APPOINT: Text("任命人员、认定代理人", "appoints staff and judges agents"),
    Office.ACCOUNTS: Text("管理账户和密钥", "looks after accounts and keys"),
    Office.ORDERS: Text("登记电信管理机构的要求", "writes down what the authority orders"),
    Office.GROUNDS: Text("登记上位法的依据", "writes down grounds in higher law"),
    Office.AUDIT: Text("查看日志", "opens the log"),
    Office.SEARCH: Text("检索用户", "searches over users"),
    Office.MEDIA: Text("管理介质登记册", "keeps the register of media"),
}
"""Office -> what it is called."""


def post_names(desk: Desk) -> dict[str, str]:
    """Return the posts of the rules in force by id."""
    return {each.id: each.name.in_(desk.language) for each in desk.declaration.posts} if desk.declaration else {}


def purpose_names(desk: Desk) -> dict[str, str]:
    """Return the purposes of the rules in force by id."""
    return {each.id: each.name.in_(desk.language) for each in desk.declaration.purposes} if desk.declaration else {}


def item_names(desk: Desk) -> Mapping[str, str]:
    """Return what each kind of information is called, by the taxonomy, else by the operator."""
    if desk.declaration:
        return labels(desk.declaration, desk.site.law, desk.language)
    return {key: item.label.in_(desk.language) for key, item in desk.site.law.items.items()}


def recipient_names(desk: Desk) -> dict[str, str]:
    """Return the recipients of the rules in force by id."""
    return {each.id: each.name.in_(desk.language) for each in desk.declaration.recipients} if desk.declaration else {}


def branch_names(desk: Desk) -> dict[str, str]:
    """Return the departments and branches of the rules in force by id."""
    return {each.id: each.name.in_(desk.language) for each in desk.declaration.departments} if desk.declaration else {}


def agent_names(desk: Desk) -> dict[str, str]:
    """Return the agents of the rules in force by id."""
    return {each.id: each.name.in_(desk.language) for each in desk.declaration.agents} if desk.declaration else {}


def named(ids: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Return what things are called; what has no name stands for itself."""
    return [names.get(each, each) for each in ids]


def own_posts(desk: Desk) -> dict[str, str]:
    """Return the posts in which the reader may act now, held or lent, and what each is called."""
    names, who = post_names(desk), desk.caller.id
    posts = dict.fromkeys([*(each.post for each in desk.state.appointments(who)), *sorted(desk.state.lent(who))])
    return {each: names.get(each, each) for each in posts}


def branches(desk: Desk) -> dict[str, str]:
    """Return the departments of the rules in force that are branches, and what each is called."""
    names, declared = branch_names(desk), desk.declaration.departments if desk.declaration else ()
    return {each.id: names[each.id] for each in declared if each.branch}
