"""pages, questions, forms and languages of a survey

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

TIME = jta.db.UtcTime(timezone=True)
PAGES = (('welcome', 'Welcome', 1), ('questions', 'About you', 2), ('ratings', 'Your work', 3), ('thanks', 'Thank you', 4))


def upgrade() -> None:
    _pages()
    _questions()
    _scales_and_instruments()
    _sampling()
    _responses()
    _answers()
    with op.batch_alter_table('study') as batch:
        batch.add_column(sa.Column('languages', sa.JSON(), nullable=False, server_default='["en"]'))
        batch.drop_column('background_on')
    op.create_table(
        'translation',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('language', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        _to('translation', 'study_id', 'study', cascade=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_translation')),
        sa.UniqueConstraint('study_id', 'language', 'key', name=op.f('uq_translation_study_id_language_key')),
    )


def _to(table: str, column: str, other: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    name = op.f(f'fk_{table}_{column}_{other}')
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=name, ondelete='CASCADE' if cascade else None)


def _pages() -> None:
    op.create_table(
        'survey_page',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('title', sa.Text(), nullable=False),
        sa.Column('intro', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('settings', sa.JSON(), nullable=False),
        sa.Column('removed_at', TIME, nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('welcome', 'screener', 'questions', 'ratings', 'ksa', 'points', 'thanks')",
            name=op.f('ck_survey_page_known_kind'),
        ),
        _to('survey_page', 'study_id', 'study', cascade=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_survey_page')),
    )
    op.create_index(op.f('ix_survey_page_study_id'), 'survey_page', ['study_id'])
    for kind, title, position in PAGES:
        # A study that did not ask its background questions keeps their page, taken out of the survey.
        removed = 'CASE WHEN background_on THEN NULL ELSE CURRENT_TIMESTAMP END' if kind == 'questions' else 'NULL'
        if kind == 'questions' and op.get_bind().dialect.name == 'postgresql':
            removed = 'CAST(' + removed + ' AS TIMESTAMP WITH TIME ZONE)'
        elif op.get_bind().dialect.name == 'postgresql':
            removed = 'CAST(NULL AS TIMESTAMP WITH TIME ZONE)'
        op.execute(
            'INSERT INTO survey_page (study_id, kind, title, intro, position, settings, removed_at, version) '
            f"SELECT id, '{kind}', '{title}', '', {position}, '{{}}', {removed}, 1 FROM study ORDER BY id"
        )


def _questions() -> None:
    with op.batch_alter_table('question') as batch:
        batch.add_column(sa.Column('page_id', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('kind', sa.Text(), nullable=False, server_default='single'))
        batch.add_column(sa.Column('role', sa.Text(), nullable=False, server_default=''))
        batch.add_column(sa.Column('required', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column('minimum', sa.Double(), nullable=True))
        batch.add_column(sa.Column('maximum', sa.Double(), nullable=True))
        batch.add_column(sa.Column('longest', sa.Integer(), nullable=True))
        batch.add_column(sa.Column('removed_at', TIME, nullable=True))
        batch.add_column(sa.Column('version', sa.Integer(), nullable=False, server_default='1'))
    op.execute(
        'UPDATE question SET page_id = (SELECT p.id FROM survey_page p '
        "WHERE p.study_id = question.study_id AND p.kind = 'questions')"
    )
    with op.batch_alter_table('question') as batch:
        batch.alter_column('page_id', existing_type=sa.Integer(), nullable=False)
        batch.create_foreign_key(
            op.f('fk_question_page_id_survey_page'), 'survey_page', ['page_id'], ['id'], ondelete='CASCADE'
        )
        batch.create_check_constraint(
            op.f('ck_question_known_kind'), "kind IN ('single', 'multiple', 'number', 'text', 'agreement')"
        )
        batch.create_check_constraint(
            op.f('ck_question_known_role'), "role IN ('', 'coverage', 'write_in', 'comment')"
        )
        batch.create_check_constraint(
            op.f('ck_question_range'), 'minimum IS NULL OR maximum IS NULL OR minimum <= maximum'
        )
        batch.create_check_constraint(
            op.f('ck_question_longest_range'), 'longest IS NULL OR longest BETWEEN 1 AND 20000'
        )
        batch.create_index(op.f('ix_question_page_id'), ['page_id'])
    with op.batch_alter_table('choice') as batch:
        batch.add_column(sa.Column('screens_out', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column('stratum_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f('fk_choice_stratum_id_stratum'), 'stratum', ['stratum_id'], ['id'], ondelete='SET NULL'
        )
    op.execute(
        'UPDATE choice SET stratum_id = (SELECT s.id FROM stratum s JOIN question q ON q.study_id = s.study_id '
        'WHERE q.id = choice.question_id AND q.is_stratum AND s.code = choice.code)'
    )


def _scales_and_instruments() -> None:
    with op.batch_alter_table('rating_scale') as batch:
        batch.add_column(sa.Column('use', sa.Text(), nullable=False, server_default='task'))
        batch.add_column(sa.Column('removed_at', TIME, nullable=True))
        batch.create_check_constraint(op.f('ck_rating_scale_known_use'), '''"use" IN ('task', 'ksa')''')
    with op.batch_alter_table('instrument') as batch:
        batch.add_column(sa.Column('kind', sa.Text(), nullable=False, server_default='main'))
        batch.add_column(sa.Column('note', sa.Text(), nullable=False, server_default=''))
        batch.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_instrument_replaces_id_instrument'), 'instrument', ['replaces_id'], ['id'])
        batch.create_unique_constraint(op.f('uq_instrument_replaces_id'), ['replaces_id'])
        batch.create_check_constraint(op.f('ck_instrument_known_kind'), "kind IN ('main', 'pilot')")


def _sampling() -> None:
    op.create_table(
        'block',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('is_core', sa.Boolean(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        _to('block', 'study_id', 'study', cascade=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_block')),
        sa.UniqueConstraint('study_id', 'code', name=op.f('uq_block_study_id_code')),
    )
    op.create_table(
        'form',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        _to('form', 'study_id', 'study', cascade=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_form')),
        sa.UniqueConstraint('study_id', 'code', name=op.f('uq_form_study_id_code')),
    )
    op.create_table(
        'form_block',
        sa.Column('form_id', sa.Integer(), nullable=False),
        sa.Column('block_id', sa.Integer(), nullable=False),
        _to('form_block', 'form_id', 'form', cascade=True),
        _to('form_block', 'block_id', 'block', cascade=True),
        sa.PrimaryKeyConstraint('form_id', 'block_id', name=op.f('pk_form_block')),
    )
    with op.batch_alter_table('task') as batch:
        batch.add_column(sa.Column('block_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f('fk_task_block_id_block'), 'block', ['block_id'], ['id'], ondelete='SET NULL')


def _responses() -> None:
    with op.batch_alter_table('response') as batch:
        batch.add_column(sa.Column('screened_out_at', TIME, nullable=True))
        batch.add_column(sa.Column('is_pilot', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.add_column(sa.Column('form_code', sa.Text(), nullable=True))
        batch.add_column(sa.Column('seed', sa.Integer(), nullable=False, server_default='0'))
        batch.add_column(sa.Column('language', sa.Text(), nullable=False, server_default='en'))
        batch.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        batch.drop_constraint(op.f('uq_response_person_id'), type_='unique')
        batch.create_unique_constraint(op.f('uq_response_person_id_is_pilot'), ['person_id', 'is_pilot'])
    op.create_table(
        'page_visit',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('step', sa.Text(), nullable=False),
        sa.Column('first_at', TIME, nullable=False),
        sa.Column('last_at', TIME, nullable=False),
        sa.Column('seconds', sa.Double(), nullable=False),
        sa.CheckConstraint('seconds >= 0', name=op.f('ck_page_visit_seconds_positive')),
        _to('page_visit', 'response_id', 'response', cascade=True),
        sa.PrimaryKeyConstraint('response_id', 'step', name=op.f('pk_page_visit')),
    )


def _answers() -> None:
    with op.batch_alter_table('answer') as batch:
        batch.alter_column('choice_id', existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column('choices', sa.JSON(), nullable=True))
        batch.add_column(sa.Column('number', sa.Double(), nullable=True))
        batch.add_column(sa.Column('text', sa.Text(), nullable=True))
    op.create_table(
        'answer_change',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('choice_id', sa.Integer(), nullable=True),
        sa.Column('choices', sa.JSON(), nullable=True),
        sa.Column('number', sa.Double(), nullable=True),
        sa.Column('text', sa.Text(), nullable=True),
        sa.Column('saved_at', TIME, nullable=False),
        sa.Column('replaced_at', TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ['question_id', 'choice_id'], ['choice.question_id', 'choice.id'],
            name=op.f('fk_answer_change_question_id_choice_id_choice'),
        ),
        _to('answer_change', 'question_id', 'question'),
        _to('answer_change', 'response_id', 'response', cascade=True),
        sa.PrimaryKeyConstraint('response_id', 'question_id', 'version', name=op.f('pk_answer_change')),
    )
    _ksa_ratings()
    op.create_table(
        'domain_points',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('domain_id', sa.Integer(), nullable=False),
        sa.Column('points', sa.Double(), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('saved_at', TIME, nullable=False),
        sa.CheckConstraint('points IS NULL OR points BETWEEN 0 AND 100', name=op.f('ck_domain_points_points_range')),
        sa.CheckConstraint('version >= 1', name=op.f('ck_domain_points_version_positive')),
        _to('domain_points', 'domain_id', 'domain'),
        _to('domain_points', 'response_id', 'response', cascade=True),
        sa.PrimaryKeyConstraint('response_id', 'domain_id', name=op.f('pk_domain_points')),
    )
    op.create_table(
        'domain_points_change',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('domain_id', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('points', sa.Double(), nullable=True),
        sa.Column('saved_at', TIME, nullable=False),
        sa.Column('replaced_at', TIME, nullable=False),
        _to('domain_points_change', 'domain_id', 'domain'),
        _to('domain_points_change', 'response_id', 'response', cascade=True),
        sa.PrimaryKeyConstraint('response_id', 'domain_id', 'version', name=op.f('pk_domain_points_change')),
    )


def _ksa_ratings() -> None:
    for name, history in (('ksa_rating', False), ('ksa_rating_change', True)):
        keys = ['response_id', 'knowledge_id', 'scale_id'] + (['version'] if history else [])
        own = (
            [sa.Column('replaced_at', TIME, nullable=False)]
            if history
            else [
                sa.CheckConstraint('version >= 1', name=op.f('ck_ksa_rating_version_positive')),
                _to(name, 'scale_id', 'rating_scale'),
            ]
        )
        op.create_table(
            name,
            sa.Column('response_id', sa.Integer(), nullable=False),
            sa.Column('knowledge_id', sa.Integer(), nullable=False),
            sa.Column('scale_id', sa.Integer(), nullable=False),
            sa.Column('anchor_id', sa.Integer(), nullable=True),
            sa.Column('version', sa.Integer(), nullable=False),
            sa.Column('saved_at', TIME, nullable=False),
            *own,
            sa.ForeignKeyConstraint(
                ['scale_id', 'anchor_id'], ['anchor.scale_id', 'anchor.id'],
                name=op.f(f'fk_{name}_scale_id_anchor_id_anchor'),
            ),
            _to(name, 'knowledge_id', 'knowledge'),
            _to(name, 'response_id', 'response', cascade=True),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f'pk_{name}')),
        )


def downgrade() -> None:
    """Go back; what the older tables have no room for is deleted: pilots, texts, numbers, several choices."""
    for table in (
        'translation', 'domain_points_change', 'domain_points', 'ksa_rating_change', 'ksa_rating', 'answer_change',
        'page_visit',
    ):  # fmt: skip
        op.drop_table(table)
    op.execute('DELETE FROM answer WHERE choice_id IS NULL')
    for table in ('rating_change', 'rating', 'answer', 'idempotency_key', 'review_decision'):
        op.execute(f'DELETE FROM {table} WHERE response_id IN (SELECT id FROM response WHERE is_pilot)')
    op.execute('DELETE FROM response WHERE is_pilot')
    with op.batch_alter_table('answer') as batch:
        batch.alter_column('choice_id', existing_type=sa.Integer(), nullable=False)
        for column in ('choices', 'number', 'text'):
            batch.drop_column(column)
    with op.batch_alter_table('response') as batch:
        batch.drop_constraint(op.f('uq_response_person_id_is_pilot'), type_='unique')
        batch.create_unique_constraint(op.f('uq_response_person_id'), ['person_id'])
        for column in ('screened_out_at', 'is_pilot', 'form_code', 'seed', 'language', 'revision'):
            batch.drop_column(column)
    with op.batch_alter_table('task') as batch:
        batch.drop_constraint(op.f('fk_task_block_id_block'), type_='foreignkey')
        batch.drop_column('block_id')
    for table in ('form_block', 'form', 'block'):
        op.drop_table(table)
    _downgrade_survey()


def _downgrade_survey() -> None:
    with op.batch_alter_table('study') as batch:
        batch.add_column(sa.Column('background_on', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.drop_column('languages')
    op.execute(
        'UPDATE study SET background_on = EXISTS (SELECT 1 FROM survey_page p WHERE p.study_id = study.id '
        "AND p.kind = 'questions' AND p.removed_at IS NULL)"
    )
    with op.batch_alter_table('instrument') as batch:
        batch.drop_constraint(op.f('ck_instrument_known_kind'), type_='check')
        batch.drop_constraint(op.f('uq_instrument_replaces_id'), type_='unique')
        batch.drop_constraint(op.f('fk_instrument_replaces_id_instrument'), type_='foreignkey')
        for column in ('kind', 'note', 'replaces_id'):
            batch.drop_column(column)
    with op.batch_alter_table('rating_scale') as batch:
        batch.drop_constraint(op.f('ck_rating_scale_known_use'), type_='check')
        batch.drop_column('use')
        batch.drop_column('removed_at')
    with op.batch_alter_table('choice') as batch:
        batch.drop_constraint(op.f('fk_choice_stratum_id_stratum'), type_='foreignkey')
        batch.drop_column('screens_out')
        batch.drop_column('stratum_id')
    with op.batch_alter_table('question') as batch:
        for check in ('known_kind', 'known_role', 'range', 'longest_range'):
            batch.drop_constraint(op.f(f'ck_question_{check}'), type_='check')
        batch.drop_constraint(op.f('fk_question_page_id_survey_page'), type_='foreignkey')
        batch.drop_index(op.f('ix_question_page_id'))
        for column in (
            'page_id', 'kind', 'role', 'required', 'minimum', 'maximum', 'longest', 'removed_at', 'version',
        ):  # fmt: skip
            batch.drop_column(column)
    op.drop_table('survey_page')
