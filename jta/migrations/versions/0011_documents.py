"""documents and evidence

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'


def upgrade() -> None:
    with op.batch_alter_table('document') as batch_op:
        batch_op.add_column(sa.Column('dataset_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('plan_hash', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('media_type', sa.Text(), nullable=False, server_default=XLSX))
        batch_op.add_column(sa.Column('restricted', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_foreign_key(
            batch_op.f('fk_document_dataset_id_dataset'), 'dataset', ['dataset_id'], ['id'], ondelete='SET NULL'
        )
    op.execute(
        'UPDATE document SET dataset_id = (SELECT analysis_run.dataset_id FROM blueprint'
        ' JOIN analysis_run ON analysis_run.id = blueprint.run_id WHERE blueprint.id = document.blueprint_id),'
        " plan_hash = COALESCE((SELECT analysis_run.plan_hash FROM blueprint"
        " JOIN analysis_run ON analysis_run.id = blueprint.run_id WHERE blueprint.id = document.blueprint_id), '')"
    )
    with op.batch_alter_table('document') as batch_op:
        for name in ('plan_hash', 'media_type', 'restricted'):
            batch_op.alter_column(name, server_default=None)
    op.create_table(
        'evidence_note',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('line', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('by_name', sa.Text(), nullable=False),
        sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_evidence_note_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_note')),
        sa.UniqueConstraint('study_id', 'line', name=op.f('uq_evidence_note_study_id_line')),
    )


def downgrade() -> None:
    op.drop_table('evidence_note')
    with op.batch_alter_table('document') as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_document_dataset_id_dataset'), type_='foreignkey')
        for name in ('restricted', 'media_type', 'plan_hash', 'dataset_id'):
            batch_op.drop_column(name)
