# SPDX-License-Identifier: Apache-2.0
"""What is counted for Prometheus: requests, decisions, acts; no label is anybody's, and none is a caller's choice.

Several worker processes write into one folder, and whichever is asked tells the sum (the client library's
multiprocess mode): one port, one answer.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from litestar.types import Scope
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from keshou.app import environment
from keshou.gate.decision import Decision, Deny, Reason
from keshou.web.watch import Watched

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_MOST_KEPT = 4096
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OF_PROCESS = re.compile(r"gauge_live\w*_(\d+)\.db")


class Metrics:
    """The counts of one process, and of its fellow workers when they are told."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "keshou_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "keshou_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self._decisions = Counter("keshou_decisions", "The gate's answers.", ["outcome"], registry=self._registry)
        self._denials = Counter(
            "keshou_denials", "Prohibitions that denied acts met, by article.", ["article"], registry=self._registry
        )
        self._acts = Counter("keshou_acts", "Acts whose entries are committed.", registry=self._registry)
        self._queue = Gauge(
            "keshou_queue", "Acts that wait for their commit.", multiprocess_mode="livesum", registry=self._registry
        )
        self._by_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._by_reasons: dict[int, tuple[tuple[Reason, ...], Sequence[Counter]]] = {}
        self._by_outcome = {True: self._decisions.labels("permit"), False: self._decisions.labels("deny")}

    def __call__(self, _scope: Scope, watched: Watched) -> None:
        """Count one request."""
        method = watched.method if watched.method in _METHODS else "OTHER"
        name = (watched.route, method, watched.status)
        found = self._by_request.get(name)
        if found is None:
            counted = self._requests.labels(watched.route, method, str(watched.status))
            found = self._by_request[name] = counted, self._seconds.labels(watched.route)
        found[0].inc()
        found[1].observe(watched.seconds)

    def decided(self, decision: Decision) -> None:
        """Count one answer of the gate, and the articles that a denial met."""
        self._by_outcome[decision.permitted].inc()
        if isinstance(decision, Deny):
            for count in self._met(decision.reasons):
                count.inc()

    def _met(self, reasons: tuple[Reason, ...]) -> Sequence[Counter]:
        """Return the counts of the articles that `reasons` cite; the gate shares reasons between equal answers."""
        found = self._by_reasons.get(id(reasons))
        if found is None or found[0] is not reasons:
            articles = dict.fromkeys(str(reason.cite) for reason in reasons)
            if len(self._by_reasons) >= _MOST_KEPT:
                self._by_reasons.clear()
            found = self._by_reasons[id(reasons)] = reasons, [self._denials.labels(each) for each in articles]
        return found[1]

    def decided_all(self, decisions: Iterable[tuple[Decision | None, int]]) -> None:
        """Count answers, each with how often it was given, as `decided` counts one; None is a denial of no article."""
        outcomes, met = {True: 0, False: 0}, dict[Counter, int]()
        for decision, times in decisions:
            outcomes[decision is not None and decision.permitted] += times
            for count in self._met(decision.reasons) if isinstance(decision, Deny) else ():
                met[count] = met.get(count, 0) + times
        for permitted, times in outcomes.items():
            self._by_outcome[permitted].inc(times)
        for count, times in met.items():
            count.inc(times)

    def decided_many(self, permitted: int, denied: int, by_article: Mapping[str, int]) -> None:
        """Count many answers: how many of each, and how many denials met each article."""
        self._by_outcome[True].inc(permitted)
        self._by_outcome[False].inc(denied)
        for article, count in by_article.items():
            self._denials.labels(article).inc(count)

    def committed(self, acts: int = 1) -> None:
        """Count acts whose entries are committed."""
        self._acts.inc(acts)

    def waiting(self, acts: int) -> None:
        """Say how many acts wait for their commit in this process."""
        self._queue.set(acts)

    def text(self, now: Mapping[str, float]) -> bytes:
        """Return all counts for Prometheus, with gauges that were just read: name to value."""
        folder = environment.told(FOLDER)
        counted = self._registry
        if folder:
            _forget_the_dead(Path(folder))
            counted = CollectorRegistry()
            MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + _gauges(now)


def _gauges(now: Mapping[str, float]) -> bytes:
    return "".join(f"# TYPE {name} gauge\n{name} {value!r}\n" for name, value in now.items()).encode()


def _forget_the_dead(folder: Path) -> None:
    """Drop what processes that are gone said of their present state."""
    for path in folder.glob("gauge_live*.db"):
        found = _OF_PROCESS.fullmatch(path.name)
        if found and not _alive(int(found[1])):
            with contextlib.suppress(FileNotFoundError):
                mark_process_dead(int(found[1]), str(folder))  # type: ignore[no-untyped-call]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
