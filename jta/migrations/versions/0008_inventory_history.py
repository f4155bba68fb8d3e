"""history of the inventory, cycles

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

MADE = (
    'crosswalk_link', 'former_statement', 'former_list', 'check_dismissal', 'check_setting', 'inventory_change',
    'statement_reference', 'reference', 'study_origin',
)


def upgrade() -> None:
    # Never by batch: SQLite would delete what refers to a table that is made anew.
    op.add_column('domain', sa.Column('runs_through', sa.Boolean(), nullable=False, server_default=sa.false()))
    _let_versions_be_of_knowledge()
    _keep_sources()
    _keep_changes_and_checks()
    _keep_cycles()


def _let_versions_be_of_knowledge() -> None:
    with op.batch_alter_table('statement_version') as batch:
        batch.alter_column('task_id', existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column('knowledge_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f('fk_statement_version_knowledge_id_knowledge'), 'knowledge', ['knowledge_id'], ['id'], ondelete='CASCADE'
        )
        batch.create_unique_constraint(op.f('uq_statement_version_knowledge_id_number'), ['knowledge_id', 'number'])
        batch.create_check_constraint(
            op.f('ck_statement_version_of_one_statement'), '(task_id IS NULL) <> (knowledge_id IS NULL)'
        )


def _study_id(table: str) -> list:
    return [
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f(f'fk_{table}_study_id_study'), ondelete='CASCADE'),
    ]


def _statement_ids(table: str) -> list:
    return [
        sa.Column('task_id', sa.Integer(), nullable=True),
        sa.Column('knowledge_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f(f'fk_{table}_task_id_task'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(
            ['knowledge_id'], ['knowledge.id'], name=op.f(f'fk_{table}_knowledge_id_knowledge'), ondelete='CASCADE'
        ),
        sa.CheckConstraint('(task_id IS NULL) <> (knowledge_id IS NULL)', name=op.f(f'ck_{table}_of_one_statement')),
    ]


def _text(*names: str, nullable: bool = False) -> list:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _id(table: str) -> list:
    return [sa.Column('id', sa.Integer(), nullable=False), sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{table}'))]


def _time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, jta.db.UtcTime(timezone=True), nullable=nullable)


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f'ix_{table}_{column}'), table, [column])


def _version() -> sa.Column:
    return sa.Column('version', sa.Integer(), nullable=False)


def _keep_sources() -> None:
    op.create_table(
        'reference', *_id('reference'), *_study_id('reference'), *_text('code', 'citation', 'edition'), _version(),
        sa.UniqueConstraint('study_id', 'code', name=op.f('uq_reference_study_id_code')),
    )
    op.create_table(
        'statement_reference', *_id('statement_reference'),
        sa.Column('reference_id', sa.Integer(), nullable=False), *_statement_ids('statement_reference'),
        sa.ForeignKeyConstraint(
            ['reference_id'], ['reference.id'], name=op.f('fk_statement_reference_reference_id_reference'),
            ondelete='CASCADE',
        ),
        sa.UniqueConstraint('reference_id', 'task_id', name=op.f('uq_statement_reference_reference_id_task_id')),
        sa.UniqueConstraint(
            'reference_id', 'knowledge_id', name=op.f('uq_statement_reference_reference_id_knowledge_id')
        ),
    )
    _index('statement_reference', 'task_id', 'knowledge_id')


def _keep_changes_and_checks() -> None:
    op.create_table(
        'inventory_change', *_id('inventory_change'), *_study_id('inventory_change'), *_text('summary'),
        sa.Column('objects', sa.JSON(), nullable=False), *_text('by_name'), _time('at'),
        *_text('undone_by', nullable=True), _time('undone_at', nullable=True),
    )
    op.create_table(
        'check_setting', *_study_id('check_setting'), sa.Column('brands', sa.JSON(), nullable=False),
        sa.Column('acronyms', sa.JSON(), nullable=False), _version(),
        sa.PrimaryKeyConstraint('study_id', name=op.f('pk_check_setting')),
    )
    op.create_table(
        'check_dismissal', *_id('check_dismissal'), *_study_id('check_dismissal'), *_statement_ids('check_dismissal'),
        *_text('rule', 'wording', 'reason', 'by_name'), _time('at'),
    )
    _index('inventory_change', 'study_id')
    _index('check_dismissal', 'study_id', 'task_id', 'knowledge_id')


def _keep_cycles() -> None:
    op.create_table(
        'study_origin', *_study_id('study_origin'), sa.Column('cloned_from', sa.Integer(), nullable=True),
        *_text('title', 'by_name'), _time('at'),
        sa.ForeignKeyConstraint(
            ['cloned_from'], ['study.id'], name=op.f('fk_study_origin_cloned_from_study'), ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('study_id', name=op.f('pk_study_origin')),
    )
    op.create_table(
        'former_list', *_id('former_list'), *_study_id('former_list'),
        sa.Column('former_study_id', sa.Integer(), nullable=True), *_text('title', 'source'),
        sa.Column('weights', sa.JSON(), nullable=False), *_text('by_name'), _time('at'), _version(),
        sa.ForeignKeyConstraint(
            ['former_study_id'], ['study.id'], name=op.f('fk_former_list_former_study_id_study'), ondelete='SET NULL'
        ),
    )
    op.create_table(
        'former_statement', *_id('former_statement'), sa.Column('list_id', sa.Integer(), nullable=False),
        *_text('code', 'statement', 'domain'), sa.Column('figures', sa.JSON(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['list_id'], ['former_list.id'], name=op.f('fk_former_statement_list_id_former_list'), ondelete='CASCADE'
        ),
        sa.UniqueConstraint('list_id', 'code', name=op.f('uq_former_statement_list_id_code')),
    )
    op.create_table('crosswalk_link', *_id('crosswalk_link'), *_link_columns(), *_link_constraints())
    _index('former_list', 'study_id')
    _index('crosswalk_link', 'list_id', 'task_id')


def _link_columns() -> list:
    return [
        sa.Column('list_id', sa.Integer(), nullable=False),
        sa.Column('former_id', sa.Integer(), nullable=True),
        sa.Column('task_id', sa.Integer(), nullable=True),
        *_text('relation'),
        sa.Column('similarity', sa.Double(), nullable=True),
        *_text('reason'), *_text('decided_by', nullable=True), _time('decided_at', nullable=True), _version(),
    ]


def _link_constraints() -> list:
    name = 'crosswalk_link'
    return [
        sa.ForeignKeyConstraint(
            ['list_id'], ['former_list.id'], name=op.f(f'fk_{name}_list_id_former_list'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['former_id'], ['former_statement.id'], name=op.f(f'fk_{name}_former_id_former_statement'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f(f'fk_{name}_task_id_task'), ondelete='CASCADE'),
        sa.UniqueConstraint('former_id', 'task_id', name=op.f(f'uq_{name}_former_id_task_id')),
        sa.CheckConstraint(
            "relation IN ('same', 'reworded', 'split', 'merged', 'new', 'retired')", name=op.f(f'ck_{name}_known_relation')
        ),
        sa.CheckConstraint("(former_id IS NULL) = (relation = 'new')", name=op.f(f'ck_{name}_new_has_no_former')),
        sa.CheckConstraint("(task_id IS NULL) = (relation = 'retired')", name=op.f(f'ck_{name}_retired_has_no_task')),
        sa.CheckConstraint(
            '(decided_at IS NULL) = (decided_by IS NULL)', name=op.f(f'ck_{name}_decided_by_somebody')
        ),
    ]


def downgrade() -> None:
    for table in MADE:
        op.drop_table(table)
    op.execute('DELETE FROM statement_version WHERE task_id IS NULL')
    with op.batch_alter_table('statement_version') as batch:
        batch.drop_constraint(op.f('ck_statement_version_of_one_statement'), type_='check')
        batch.drop_constraint(op.f('uq_statement_version_knowledge_id_number'), type_='unique')
        batch.drop_constraint(op.f('fk_statement_version_knowledge_id_knowledge'), type_='foreignkey')
        batch.drop_column('knowledge_id')
        batch.alter_column('task_id', existing_type=sa.Integer(), nullable=False)
    op.drop_column('domain', 'runs_through')
