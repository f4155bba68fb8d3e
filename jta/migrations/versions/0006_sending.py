"""waves, messages and their attempts; work done beside the pages

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f('ix_analysis_job_study_id'), table_name='analysis_job')
    op.drop_table('analysis_job')
    op.create_table(
        'job',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=True),
        sa.Column('args', sa.JSON(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('progress', sa.Text(), nullable=False),
        sa.Column('fraction', sa.Double(), nullable=True),
        sa.Column('due_at', jta.db.UtcTime(timezone=True), nullable=True),
        sa.Column('claimed_by', sa.Text(), nullable=True),
        sa.Column('claimed_until', jta.db.UtcTime(timezone=True), nullable=True),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_role', sa.Text(), nullable=False),
        sa.Column('asked_id', sa.Integer(), nullable=True),
        sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('result', sa.JSON(), nullable=True),
        sa.Column('failure', sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f('ck_job_known_state')),
        sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_job_study_id_study'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    )
    op.create_index(op.f('ix_job_study_id'), 'job', ['study_id'], unique=False)
    op.create_index(op.f('ix_job_state'), 'job', ['state'], unique=False)
    op.create_table(
        'worker',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('started_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('mail', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_worker')),
    )

    _widen('person_event', 'known_kind', 'kind', NEW_EVENTS)
    op.drop_table('attempt')
    op.drop_index(op.f('ix_outbox_message_state'), table_name='outbox_message')
    op.drop_table('outbox_message')
    op.drop_table('wave')
    _create_outbox()
    _create_sending()


NEW_EVENTS = (
    'added', 'registered', 'link made', 'link replaced', 'bounced', 'address replaced', 'opted out', 'withdrew',
)
OLD_EVENTS = ('added', 'link made', 'link replaced', 'bounced', 'opted out', 'withdrew')


def _widen(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """Replace a check of allowed words."""
    full = op.f(f'ck_{table}_{name}')
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(full, type_='check')
        batch.create_check_constraint(full, f'{column} IN {values}')


def _id() -> sa.Column:
    return sa.Column('id', sa.Integer(), nullable=False)


def _text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _time(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, jta.db.UtcTime(timezone=True), nullable=nullable)


def _key(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f'fk_{table}_{column}_{other}')
    return sa.ForeignKeyConstraint([column], [f'{other}.id'], name=name, ondelete=ondelete)


def _in(table: str, name: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f'{column} IN {values}', name=op.f(f'ck_{table}_{name}'))


def _create_outbox() -> None:
    op.create_table(
        'wave',
        _id(), _number('study_id'), _number('number'), _text('kind'), _time('planned_for'), _text('state'),
        sa.Column('texts', sa.JSON(), nullable=True), _text('planned_by'), _time('begun_at', True),
        _time('ended_at', True), _text('note'),
        _in('wave', 'known_kind', 'kind', ('invitation', 'reminder', 'thanks', 'closing')),
        _in('wave', 'known_state', 'state', ('planned', 'sending', 'paused', 'done', 'cancelled')),
        _key('wave', 'study_id', 'study', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_wave')),
        sa.UniqueConstraint('study_id', 'number', name=op.f('uq_wave_study_id_number')),
    )
    op.create_index(op.f('ix_wave_state'), 'wave', ['state'], unique=False)
    states = ('planned', 'claimed', 'handed over', 'accepted', 'failed', 'unknown', 'skipped', 'cancelled')
    op.create_table(
        'outbox_message',
        _id(), _number('person_id'), _number('wave_id'), _text('message_id'), _text('state'), _text('reason'),
        _text('text_kind'), _text('address_mark'), _number('tries'), _text('claimed_by', True),
        _time('claimed_until', True), _time('due_at'), _time('first_due_at'), _time('sent_at', True),
        _time('ended_at', True),
        _in('outbox_message', 'known_state', 'state', states),
        _key('outbox_message', 'person_id', 'person', 'CASCADE'),
        _key('outbox_message', 'wave_id', 'wave', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
        sa.UniqueConstraint('message_id', name=op.f('uq_outbox_message_message_id')),
        sa.UniqueConstraint('person_id', 'wave_id', name=op.f('uq_outbox_message_person_id_wave_id')),
    )
    op.create_index(op.f('ix_outbox_message_state'), 'outbox_message', ['state'], unique=False)
    op.create_index(op.f('ix_outbox_message_wave_id_state'), 'outbox_message', ['wave_id', 'state'], unique=False)
    _create_attempt()


def _create_attempt() -> None:
    op.create_table(
        'attempt',
        _id(), _number('message_id'), _time('at'), _text('outcome'), _text('detail'),
        _key('attempt', 'message_id', 'outbox_message', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_attempt')),
    )
    op.create_index(op.f('ix_attempt_message_id'), 'attempt', ['message_id'], unique=False)


def _create_sending() -> None:
    op.create_table(
        'delivery_settings',
        _number('study_id'), _text('sender_name'), _text('reply_to'), _number('quiet_from'), _number('quiet_to'),
        sa.Column('weekends', sa.Boolean(), nullable=False), sa.Column('closes_on', sa.Date(), nullable=True),
        _text('open_code', True), _number('version'),
        sa.CheckConstraint('quiet_from BETWEEN 0 AND 23', name=op.f('ck_delivery_settings_quiet_from_range')),
        sa.CheckConstraint('quiet_to BETWEEN 0 AND 23', name=op.f('ck_delivery_settings_quiet_to_range')),
        _key('delivery_settings', 'study_id', 'study', 'CASCADE'),
        sa.PrimaryKeyConstraint('study_id', name=op.f('pk_delivery_settings')),
        sa.UniqueConstraint('open_code', name=op.f('uq_delivery_settings_open_code')),
    )
    kinds = ('invitation', 'reminder', 'reminder_partial', 'thanks', 'closing', 'registration', 'letter')
    op.create_table(
        'message_text',
        _id(), _number('study_id'), _text('kind'), _text('language'), _text('subject'), _text('body'),
        _number('version'),
        _in('message_text', 'known_kind', 'kind', kinds),
        _key('message_text', 'study_id', 'study', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_message_text')),
        sa.UniqueConstraint('study_id', 'kind', 'language', name=op.f('uq_message_text_study_id_kind_language')),
    )
    op.create_table(
        'bounce_report',
        _id(), _text('digest'), _text('kind'), _number('message_id', True), _text('status'), _text('detail'),
        _time('read_at'),
        _in('bounce_report', 'known_kind', 'kind', ('hard', 'soft', 'delayed', 'not ours', 'unreadable')),
        _key('bounce_report', 'message_id', 'outbox_message', 'SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_bounce_report')),
        sa.UniqueConstraint('digest', name=op.f('uq_bounce_report_digest')),
    )
    op.create_index(op.f('ix_bounce_report_message_id'), 'bounce_report', ['message_id'], unique=False)
    op.create_table(
        'left_alone',
        _id(), _number('study_id'), _text('address_mark'), _text('reason'), _time('at'),
        _key('left_alone', 'study_id', 'study', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_left_alone')),
        sa.UniqueConstraint('study_id', 'address_mark', name=op.f('uq_left_alone_study_id_address_mark')),
    )
    op.create_table(
        'registration',
        _id(), _number('study_id'), _text('name'), _text('email'), _text('organization'),
        _number('stratum_id', True), _text('address_mark'), _text('message_id'), _time('asked_at'),
        _time('mailed_at', True), _time('confirmed_at', True), _number('person_id', True),
        _key('registration', 'study_id', 'study', 'CASCADE'),
        _key('registration', 'stratum_id', 'stratum', 'SET NULL'),
        _key('registration', 'person_id', 'person', 'SET NULL'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_registration')),
        sa.UniqueConstraint('message_id', name=op.f('uq_registration_message_id')),
    )
    op.create_index(op.f('ix_registration_study_id'), 'registration', ['study_id'], unique=False)
    op.create_index(op.f('ix_registration_address_mark'), 'registration', ['address_mark'], unique=False)


def _drop_sending() -> None:
    for table in ('registration', 'left_alone', 'bounce_report', 'message_text', 'delivery_settings', 'attempt'):
        op.drop_table(table)
    op.drop_table('outbox_message')
    op.drop_table('wave')
    op.execute("DELETE FROM person_event WHERE kind IN ('registered', 'address replaced')")
    _widen('person_event', 'known_kind', 'kind', OLD_EVENTS)
    op.create_table(
        'wave',
        _id(), _number('study_id'), _number('number'), _text('kind'), _time('planned_for'),
        _key('wave', 'study_id', 'study', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_wave')),
        sa.UniqueConstraint('study_id', 'number', name=op.f('uq_wave_study_id_number')),
    )
    states = ('planned', 'claimed', 'handed over', 'accepted', 'failed', 'unknown', 'cancelled')
    op.create_table(
        'outbox_message',
        _id(), _number('person_id'), _number('wave_id'), _text('message_id'), _text('state'),
        _time('claimed_until', True), _time('due_at'),
        _in('outbox_message', 'known_state', 'state', states),
        _key('outbox_message', 'person_id', 'person', 'CASCADE'),
        _key('outbox_message', 'wave_id', 'wave', 'CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
        sa.UniqueConstraint('message_id', name=op.f('uq_outbox_message_message_id')),
        sa.UniqueConstraint('person_id', 'wave_id', name=op.f('uq_outbox_message_person_id_wave_id')),
    )
    op.create_index(op.f('ix_outbox_message_state'), 'outbox_message', ['state'], unique=False)
    _create_attempt()


def downgrade() -> None:
    _drop_sending()
    op.drop_table('worker')
    op.drop_index(op.f('ix_job_state'), table_name='job')
    op.drop_index(op.f('ix_job_study_id'), table_name='job')
    op.drop_table('job')
    op.create_table(
        'analysis_job',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('dataset_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('progress', sa.Text(), nullable=False),
        sa.Column('run_id', sa.Integer(), nullable=True),
        sa.Column('asked_by', sa.Text(), nullable=False),
        sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('alive_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f('ck_analysis_job_known_state')
        ),
        sa.ForeignKeyConstraint(['dataset_id'], ['dataset.id'], name=op.f('fk_analysis_job_dataset_id_dataset')),
        sa.ForeignKeyConstraint(['run_id'], ['analysis_run.id'], name=op.f('fk_analysis_job_run_id_analysis_run')),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_analysis_job_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_analysis_job')),
    )
    op.create_index(op.f('ix_analysis_job_study_id'), 'analysis_job', ['study_id'], unique=False)
