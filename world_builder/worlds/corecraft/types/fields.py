"""Short ways to write the fields of this company's entity types."""

from world_builder.entities import Field, FieldKind


def text(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(
        name=name,
        title=title,
        kind=FieldKind.TEXT,
        required=required,
        help=note,
        minimum=1 if required else None,
    )


def long_text(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.LONG_TEXT, required=required, help=note)


def choice(name: str, options: tuple[str, ...], title: str = "", *, required: bool = True) -> Field:
    return Field(name=name, title=title, kind=FieldKind.ENUM, options=options, required=required)


def money(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(
        name=name, title=title, kind=FieldKind.MONEY, required=required, minimum=0, help=note
    )


def integer(
    name: str, title: str = "", *, required: bool = True, minimum: int = 0, note: str = ""
) -> Field:
    return Field(
        name=name,
        title=title,
        kind=FieldKind.INTEGER,
        required=required,
        minimum=minimum,
        help=note,
    )


def number(name: str, title: str = "", *, required: bool = True) -> Field:
    return Field(name=name, title=title, kind=FieldKind.NUMBER, required=required, minimum=0)


def flag(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.BOOLEAN, required=required, help=note)


def day(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.DATE, required=required, help=note)


def moment(name: str, title: str = "", *, required: bool = True, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.DATETIME, required=required, help=note)


def link(
    name: str, entity_type: str, title: str = "", *, required: bool = True, note: str = ""
) -> Field:
    return Field(
        name=name,
        title=title,
        kind=FieldKind.REFERENCE,
        entity_type=entity_type,
        required=required,
        help=note,
    )


def many(name: str, item: Field, title: str = "", *, note: str = "") -> Field:
    return Field(name=name, title=title, kind=FieldKind.LIST, item=item, required=True, help=note)


def group(name: str, *fields: Field, title: str = "", required: bool = True) -> Field:
    return Field(name=name, title=title, kind=FieldKind.OBJECT, fields=fields, required=required)


def address(name: str, title: str = "") -> Field:
    return group(
        name, text("street"), text("city"), text("state"), text("zip", "ZIP code"), title=title
    )
