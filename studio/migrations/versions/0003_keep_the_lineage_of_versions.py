"""Keep the lineage of versions"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXTS = ["parent", "parent_digest", "bump", "bump_reason"]
_NUMBERS = ["first_revision", "last_revision"]


def upgrade() -> None:
    op.create_table(
        "bundle_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("reason", AutoString(), nullable=False),
        sa.Column("first_revision", sa.Integer(), nullable=True),
        sa.Column("last_revision", sa.Integer(), nullable=True),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("who", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["bundle_version.id"],
            name=op.f("fk_bundle_event_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_event")),
    )
    with op.batch_alter_table("bundle_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bundle_event_version_id"), ["version_id"], unique=False
        )
    with op.batch_alter_table("bundle_version", schema=None) as batch_op:
        for name in _TEXTS:
            batch_op.add_column(sa.Column(name, AutoString(), nullable=False, server_default=""))
        for name in _NUMBERS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=True))
    with op.batch_alter_table("bundle_version", schema=None) as batch_op:
        for name in _TEXTS:
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("bundle_version", schema=None) as batch_op:
        for name in (*_TEXTS, *_NUMBERS):
            batch_op.drop_column(name)
    with op.batch_alter_table("bundle_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bundle_event_version_id"))
    op.drop_table("bundle_event")
