"""What the parts of `corecraft bench env` tell each other."""

from enum import StrEnum

from world_builder.frozen import Frozen


class Side(StrEnum):
    """Whose server is measured."""

    OURS = "corecraft"
    OPENENV_MCP = "openenv_mcp"
    """OpenEnv as its documents recommend for tools: an `MCPEnvironment`."""
    OPENENV_STEP = "openenv_step"
    """The leanest OpenEnv: a plain `Environment` with asynchronous methods."""


class Asked(Frozen):
    """What the clients shall do."""

    side: Side
    port: int
    server_pid: int
    token: str = ""
    tool: str
    arguments: tuple[dict[str, str], ...]
    """Of the calls, in turn."""
    num_clients: tuple[int, ...]
    seconds: float
    """Of each rate."""
    num_memory_sessions: int


class Rate(Frozen):
    """How often a number of clients got an answer, all together."""

    num_clients: int
    per_s: float
    per_server_cpu_s: float
    """For each second that the server's process computed: a busy machine disturbs it least."""
    client_load: float
    """Share of a core that the clients' process took; near 1 the clients are what is measured."""

    def times(self, size: int) -> "Rate":
        """The rate of what every answer brings so many of."""
        changes = {"per_s": self.per_s * size, "per_server_cpu_s": self.per_server_cpu_s * size}
        return self.model_copy(update=changes)


class Measured(Frozen):
    """The figures of one server."""

    resets: tuple[Rate, ...]
    calls: tuple[Rate, ...]
    group_resets: tuple[Rate, ...] = ()
    """Worlds made afresh by groups of 16; empty where a server knows no groups."""
    bytes_per_session: float


class EnvFigures(Frozen):
    """The figures of our server and of its peers in the same run."""

    world: str
    num_entities: int
    tool: str
    """The tool of ours that was called."""
    openenv_version: str
    num_cores: int
    load: float
    """Processes that wanted a core, on average of the last minute, when the run began."""
    ours: Measured
    openenv_mcp: Measured
    openenv_step: Measured
