"""The CEL binding without its command line."""

import subprocess
import sys

from world_builder.cel_binding import compile_program, new_context


def test_a_program_is_compiled_and_run() -> None:
    program = compile_program("a + 1")
    assert list(program.variables()) == ["a"]
    assert program.execute(new_context({"a": 1})) == 2


def test_the_package_imported_later_is_the_same_binding() -> None:
    code = (
        "import sys; from world_builder.cel_binding import compile_program; "
        "assert not {'cel', 'cel.cli', 'typer'} & sys.modules.keys(); "
        "import cel; assert cel.compile is compile_program"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
