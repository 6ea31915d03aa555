"""Python tools in a locked-down container: the sandbox holds there as on the machine itself."""

from collections.abc import Iterator

import docker
import pytest

from exporter.bundle import Bundle
from exporter.writer import write_bundle
from rl_backend.docker_config import DockerConfig
from rl_backend.runtimes.docker import DockerRuntime
from tests.exporter.small_world import TEXT, library
from tests.rl_backend.runtimes.conftest import built
from world_builder.operations import Python, object_schema
from world_builder.tasks import Start
from world_builder.tools import Tool, ToolCall

TRY = """
def run(arguments, world):
    if arguments["what"] == "copy":
        book = world.need("book", "bk-01")
        return {"copy": world.create("book", {k: v for k, v in book.items() if k != "id"})}
    if arguments["what"] == "loop":
        while True:
            pass
    if arguments["what"] == "read":
        return {"text": open("/bundle/bundle.json").read()}
    return {"made": str(__import__("socket").socket())}
"""


@pytest.fixture(scope="module")
def python_image(
    container_engine: docker.DockerClient, base_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bundle]:
    tool = Tool(
        name="try_it",
        title="Try",
        description="Tries what a sandbox forbids.",
        is_read_only=False,
        parameters=object_schema({"what": TEXT}, ("what",)),
        operation=Python(source=TRY),
    )
    world = library()
    world = world.model_copy(update={"name": "python-tools", "tools": (*world.tools, tool)})
    folder = tmp_path_factory.mktemp("python")
    bundle = Bundle.open(write_bundle(world, "1.0.0", folder, override_reason="a test"))
    with built(container_engine, bundle, base_image):
        yield bundle


@pytest.mark.parametrize("what", ["nothing", "loop", "read", "socket", "copy"])
async def test_a_python_tool_works_and_escapes_nothing(python_image: Bundle, what: str) -> None:
    runtime = await DockerRuntime.launch(python_image, DockerConfig(), max_worlds=1, run_id="py")
    try:
        world = await runtime.start(Start())
        if what != "nothing":
            answer = await world.call(ToolCall(tool="try_it", arguments={"what": what}))
            assert answer.is_error is (what != "copy"), answer.text
        final = await world.finish()
        assert len(final.diff.changes) == (what == "copy")
        await world.close()
    finally:
        await runtime.close()
