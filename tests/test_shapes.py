# SPDX-License-Identifier: Apache-2.0
"""Shapes that several threads read for the first time at once take nobody's process down."""

import subprocess
import sys

READERS = """
import sys, threading, types
import msgspec
from keshou.shapes import lay_out

source = "import msgspec\\n"
for number in range(200):
    kind = f"Shape{number - 1}" if number else "int"
    fields = "".join(f"    field{each}: {kind} | None = None\\n" for each in range(30))
    source += f"class Shape{number}(msgspec.Struct):\\n{fields}\\n"
made = sys.modules["keshou.planted"] = types.ModuleType("keshou.planted")
exec(source, made.__dict__)
lay_out()
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)

def read():
    together.wait()
    for _ in range(50):
        msgspec.json.decode(b'{"field3": {"field4": {"field5": null}}}', type=made.Shape199)

threads = [threading.Thread(target=read) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print("read")
"""


def test_shapes_laid_out_before_are_read_first_by_many_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", READERS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "read\n")  # laid out by the threads, the process dies of a signal


def test_a_shape_that_no_message_can_say_keeps_no_other_from_being_laid_out() -> None:
    odd = "source += \"class Odd(msgspec.Struct):\\n    of: 'Unknown'\\n\"\n"
    spoilt = READERS.replace("exec(source", f"{odd}exec(source")
    done = subprocess.run([sys.executable, "-c", spoilt], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "read\n")
