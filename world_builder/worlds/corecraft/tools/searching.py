"""How search tools of this company are declared: one pattern of arguments for all of them."""

from dataclasses import dataclass, field

from world_builder.frozen import Json
from world_builder.operations import Comparison, Filter, Search, object_schema
from world_builder.tools import Tool
from world_builder.worlds.corecraft.tools.arguments import LIMIT, LOOK_UPS, choice, moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """What can be searched in one entity type."""

    entity_type: str
    texts: tuple[str, ...] = ()
    """Fields that `text` looks into; empty: no such argument."""
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Enum fields with their options."""
    links: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Fields that equal an argument, with its schema."""
    moment: str = ""
    """The field that `after` and `before` compare; empty: none."""
    moment_name: str = "created"
    bounds: dict[str, Filter] = field(default_factory=dict)
    """Further filters by argument; their schema stands in `more`."""
    more: dict[str, dict[str, Json]] = field(default_factory=dict)
    where: str | None = None
    sort: str = "id"
    fields: tuple[str, ...] = ()

    def tool(self, name: str, title: str, description: str) -> Tool:
        """The search tool."""
        return Tool(
            name=name,
            title=title,
            description=description,
            group=LOOK_UPS,
            parameters=object_schema(self._properties()),
            operation=Search(
                entity_type=self.entity_type,
                filters=tuple(self._filters()),
                where=self.where,
                sort=self.sort,
                limit_argument="limit",
                fields=self.fields,
            ),
        )

    def _properties(self) -> dict[str, Json]:
        found: dict[str, Json] = {"id": text("Only the one with this id.")}
        if self.texts:
            found["text"] = text(f"Words that must all occur in {', '.join(self.texts)}.")
        found |= {name: choice(options, f"Only this {name.replace('_', ' ')}.")
                  for name, options in self.choices.items()}  # fmt: skip
        found |= {**self.links, **self.more}
        if self.moment:
            found[f"{self.moment_name}_after"] = moment(f"{self.moment_name.capitalize()} later.")
            found[f"{self.moment_name}_before"] = moment(
                f"{self.moment_name.capitalize()} earlier."
            )
        return {**found, "limit": LIMIT}

    def _filters(self) -> list[Filter]:
        equal = ["id", *self.links, *self.choices]
        found = [Filter(argument=name, fields=(name,)) for name in equal]
        if self.texts:
            found.append(Filter(argument="text", fields=self.texts, comparison=Comparison.TEXT))
        found += self.bounds.values()
        if self.moment:
            found += [
                Filter(argument=f"{self.moment_name}_{end}", fields=(self.moment,),
                       comparison=comparison)
                for end, comparison in (("after", Comparison.AFTER), ("before", Comparison.BEFORE))
            ]  # fmt: skip
        return found


def at_most(argument: str, name: str) -> Filter:
    return Filter(argument=argument, fields=(name,), comparison=Comparison.AT_MOST)


def at_least(argument: str, name: str) -> Filter:
    return Filter(argument=argument, fields=(name,), comparison=Comparison.AT_LEAST)
