"""one outbox: messages to panelists, confirmations of registrations and trials beside those of waves

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

SUBJECTS = ('wave_id', 'round_id', 'registration_id', 'user_id')
READERS = {'panelist_id': 'panelist', 'round_id': 'round', 'registration_id': 'registration', 'user_id': 'user'}
CHECKS = {
    'one_subject': ' + '.join(f'(CASE WHEN {name} IS NULL THEN 0 ELSE 1 END)' for name in SUBJECTS) + ' = 1',
    'person_of_wave': '(wave_id IS NULL) = (person_id IS NULL)',
    'panelist_of_round': '(round_id IS NULL) = (panelist_id IS NULL)',
}
LOST = 'The program was ended while this message was being sent.'

PANEL = f"""
INSERT INTO outbox_message (study_id, round_id, panelist_id, message_id, state, reason, text_kind, language,
    address_mark, tries, due_at, first_due_at, sent_at, ended_at)
SELECT r.study_id, m.round_id, m.panelist_id, m.message_id,
    CASE m.state WHEN 'refused' THEN 'failed' WHEN 'handed over' THEN 'unknown' ELSE m.state END,
    CASE m.state WHEN 'accepted' THEN '' WHEN 'handed over' THEN '{LOST}' ELSE m.detail END, 'panel', '',
    m.address_mark, CASE WHEN m.state IN ('planned', 'skipped') THEN 0 ELSE 1 END, m.asked_at, m.asked_at,
    CASE WHEN m.state IN ('accepted', 'handed over', 'unknown') THEN COALESCE(m.ended_at, m.asked_at) END,
    CASE WHEN m.state <> 'planned' THEN COALESCE(m.ended_at, m.asked_at) END
FROM panel_message m JOIN round r ON r.id = m.round_id
"""
ATTEMPTS = """
INSERT INTO attempt (message_id, at, outcome, detail)
SELECT o.id, o.ended_at, m.state, m.detail FROM outbox_message o JOIN panel_message m ON m.message_id = o.message_id
WHERE m.state IN ('accepted', 'refused', 'unknown')
"""
REPORTS = """
INSERT INTO bounce_report (digest, kind, message_id, status, detail, read_at)
SELECT 'panel ' || m.id, 'hard', o.id, '', m.detail, m.bounced_at
FROM outbox_message o JOIN panel_message m ON m.message_id = o.message_id WHERE m.bounced_at IS NOT NULL
"""
REGISTRATIONS = """
INSERT INTO outbox_message (study_id, registration_id, message_id, state, reason, text_kind, language, address_mark,
    tries, due_at, first_due_at, sent_at, ended_at)
SELECT study_id, id, message_id, CASE WHEN mailed_at IS NULL THEN 'planned' ELSE 'accepted' END, '', 'registration',
    'en', address_mark, CASE WHEN mailed_at IS NULL THEN 0 ELSE 1 END, asked_at, asked_at, mailed_at, mailed_at
FROM registration
"""
PANEL_BACK = """
INSERT INTO panel_message (round_id, panelist_id, message_id, state, detail, address_mark, asked_at, ended_at, bounced_at)
SELECT o.round_id, o.panelist_id, o.message_id,
    CASE o.state WHEN 'failed' THEN 'refused' WHEN 'claimed' THEN 'planned' WHEN 'cancelled' THEN 'skipped'
        ELSE o.state END, o.reason, o.address_mark, o.first_due_at, o.ended_at,
    (SELECT MAX(b.read_at) FROM bounce_report b WHERE b.message_id = o.id AND b.kind = 'hard')
FROM outbox_message o WHERE o.round_id IS NOT NULL
"""
OF_REGISTRATION = 'SELECT {} FROM outbox_message o WHERE o.registration_id = registration.id'


def _time(name: str) -> sa.Column:
    return sa.Column(name, jta.db.UtcTime(timezone=True), nullable=True)


def _widen_outbox() -> None:
    """Make room for other readers than people of waves; every row learns its study."""
    for column in ('study_id', *READERS):
        op.add_column('outbox_message', sa.Column(column, sa.Integer(), nullable=True))
    op.add_column('outbox_message', sa.Column('language', sa.Text(), nullable=False, server_default=''))
    op.execute('UPDATE outbox_message SET study_id = (SELECT study_id FROM wave WHERE wave.id = wave_id)')
    with op.batch_alter_table('outbox_message') as batch:
        batch.alter_column('study_id', existing_type=sa.Integer(), nullable=False)
        for column in ('person_id', 'wave_id'):
            batch.alter_column(column, existing_type=sa.Integer(), nullable=True)
        for column, table in {'study_id': 'study', **READERS}.items():
            name = op.f(f'fk_outbox_message_{column}_{table}')
            batch.create_foreign_key(name, table, [column], ['id'], ondelete='CASCADE')
            batch.create_index(op.f(f'ix_outbox_message_{column}'), [column])
        for name, rule in CHECKS.items():
            batch.create_check_constraint(op.f(f'ck_outbox_message_{name}'), rule)


def upgrade() -> None:
    _widen_outbox()
    for statement in (PANEL, ATTEMPTS, REPORTS, REGISTRATIONS):
        op.execute(statement)
    op.drop_table('panel_message')
    with op.batch_alter_table('registration') as batch:
        batch.drop_constraint(op.f('uq_registration_message_id'), type_='unique')
        batch.drop_column('message_id')
        batch.drop_column('mailed_at')
    op.execute("DELETE FROM job WHERE kind IN ('panel mail', 'registration mail', 'trial message')")
    op.drop_column('job', 'due_at')


def _create_panel_message() -> None:
    states = ('planned', 'handed over', 'accepted', 'refused', 'unknown', 'skipped')
    op.create_table(
        'panel_message',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('round_id', sa.Integer(), nullable=False),
        sa.Column('panelist_id', sa.Integer(), nullable=False),
        sa.Column('message_id', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('detail', sa.Text(), nullable=False),
        sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
        _time('ended_at'),
        sa.Column('address_mark', sa.Text(), nullable=False, server_default=''),
        _time('bounced_at'),
        sa.CheckConstraint(f'state IN {states}', name=op.f('ck_panel_message_known_state')),
        *(
            sa.ForeignKeyConstraint(
                [f'{table}_id'], [f'{table}.id'], name=op.f(f'fk_panel_message_{table}_id_{table}'), ondelete='CASCADE'
            )
            for table in ('panelist', 'round')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_message')),
        sa.UniqueConstraint('message_id', name=op.f('uq_panel_message_message_id')),
    )
    for column in ('panelist_id', 'round_id'):
        op.create_index(op.f(f'ix_panel_message_{column}'), 'panel_message', [column])


def _narrow_outbox() -> None:
    # Written out, because a migration runs with SQLite's foreign keys off.
    others = '(SELECT id FROM outbox_message WHERE wave_id IS NULL)'
    op.execute(f'DELETE FROM attempt WHERE message_id IN {others}')
    op.execute(f'UPDATE bounce_report SET message_id = NULL WHERE message_id IN {others}')
    op.execute('DELETE FROM outbox_message WHERE wave_id IS NULL')
    with op.batch_alter_table('outbox_message') as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(f'ck_outbox_message_{name}'), type_='check')
        for column, table in {'study_id': 'study', **READERS}.items():
            batch.drop_index(op.f(f'ix_outbox_message_{column}'))
            batch.drop_constraint(op.f(f'fk_outbox_message_{column}_{table}'), type_='foreignkey')
            batch.drop_column(column)
        batch.drop_column('language')
        for column in ('person_id', 'wave_id'):
            batch.alter_column(column, existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    op.add_column('job', _time('due_at'))
    op.add_column('registration', sa.Column('message_id', sa.Text(), nullable=True))
    op.add_column('registration', _time('mailed_at'))
    for column, value in (('message_id', 'MAX(o.message_id)'), ('mailed_at', 'MAX(o.sent_at)')):
        op.execute(f'UPDATE registration SET {column} = ({OF_REGISTRATION.format(value)})')
    op.execute("UPDATE registration SET message_id = '<' || id || '@registration>' WHERE message_id IS NULL")
    with op.batch_alter_table('registration') as batch:
        batch.alter_column('message_id', existing_type=sa.Text(), nullable=False)
        batch.create_unique_constraint(op.f('uq_registration_message_id'), ['message_id'])
    _create_panel_message()
    op.execute(PANEL_BACK)
    _narrow_outbox()
