"""the panel: people, rounds, meetings

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('meeting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('held_on', sa.Date(), nullable=True),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('moderator', sa.Text(), nullable=False),
    sa.Column('agenda', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('focus group', 'meeting')", name=op.f('ck_meeting_known_kind')),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_meeting_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting')),
    sa.UniqueConstraint('study_id', 'number', name=op.f('uq_meeting_study_id_number'))
    )
    with op.batch_alter_table('meeting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_study_id'), ['study_id'], unique=False)

    op.create_table('panel_target',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('attribute', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('target', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint('target BETWEEN 0 AND 1000', name=op.f('ck_panel_target_target_range')),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_panel_target_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_target')),
    sa.UniqueConstraint('study_id', 'attribute', 'value', name=op.f('uq_panel_target_study_id_attribute_value'))
    )
    op.create_table('panel_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('by_name', sa.Text(), nullable=False),
    sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('interests', 'confidentiality')", name=op.f('ck_panel_text_known_kind')),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_panel_text_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_text')),
    sa.UniqueConstraint('study_id', 'kind', 'number', name=op.f('uq_panel_text_study_id_kind_number'))
    )
    op.create_table('panelist',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('organization', sa.Text(), nullable=False),
    sa.Column('job_title', sa.Text(), nullable=False),
    sa.Column('qualifications', sa.Text(), nullable=False),
    sa.Column('region', sa.Text(), nullable=False),
    sa.Column('district_size', sa.Text(), nullable=False),
    sa.Column('years', sa.Integer(), nullable=True),
    sa.Column('attributes', sa.JSON(), nullable=False),
    sa.Column('link_generation', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.Text(), nullable=True),
    sa.Column('added_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('left_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('left_reason', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('years IS NULL OR years BETWEEN 0 AND 80', name=op.f('ck_panelist_years_range')),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_panelist_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panelist')),
    sa.UniqueConstraint('study_id', 'code', name=op.f('uq_panelist_study_id_code')),
    sa.UniqueConstraint('study_id', 'email', name=op.f('uq_panelist_study_id_email')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_panelist_token_hash')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('panelist', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_panelist_study_id'), ['study_id'], unique=False)

    op.create_table('round',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('instructions', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('former_id', sa.Integer(), nullable=True),
    sa.Column('created_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('opened_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('closed_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('decided_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('released_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('writing', 'review', 'delphi', 'linkage', 'level', 'entry', 'weights')", name=op.f('ck_round_known_kind')),
    sa.CheckConstraint("state IN ('draft', 'open', 'closed', 'decided')", name=op.f('ck_round_known_state')),
    sa.ForeignKeyConstraint(['former_id'], ['round.id'], name=op.f('fk_round_former_id_round'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_round_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_round')),
    sa.UniqueConstraint('study_id', 'number', name=op.f('uq_round_study_id_number'))
    )
    with op.batch_alter_table('round', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_round_study_id'), ['study_id'], unique=False)

    op.create_table('meeting_theme',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_meeting_theme_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_theme')),
    sa.UniqueConstraint('study_id', 'code', name=op.f('uq_meeting_theme_study_id_code'))
    )
    op.create_table('meeting_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('study_id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('decided', sa.Text(), nullable=False),
    sa.Column('votes_for', sa.Integer(), nullable=False),
    sa.Column('votes_against', sa.Integer(), nullable=False),
    sa.Column('abstained', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_name', sa.Text(), nullable=False),
    sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.CheckConstraint('length(reason) > 0', name=op.f('ck_meeting_decision_reason_given')),
    sa.CheckConstraint('votes_for >= 0 AND votes_against >= 0 AND abstained >= 0', name=op.f('ck_meeting_decision_votes_positive')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_meeting_decision_meeting_id_meeting'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_meeting_decision_study_id_study'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_decision')),
    sa.UniqueConstraint('study_id', 'number', name=op.f('uq_meeting_decision_study_id_number'))
    )
    with op.batch_alter_table('meeting_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_decision_meeting_id'), ['meeting_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_meeting_decision_study_id'), ['study_id'], unique=False)

    op.create_table('meeting_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('is_quote', sa.Boolean(), nullable=False),
    sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_meeting_note_meeting_id_meeting'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting_note')),
    sa.UniqueConstraint('meeting_id', 'position', name=op.f('uq_meeting_note_meeting_id_position'))
    )
    with op.batch_alter_table('meeting_note', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_note_meeting_id'), ['meeting_id'], unique=False)

    op.create_table('meeting_participant',
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_meeting_participant_meeting_id_meeting'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_meeting_participant_panelist_id_panelist')),
    sa.PrimaryKeyConstraint('meeting_id', 'panelist_id', name=op.f('pk_meeting_participant'))
    )
    op.create_table('participation',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.Column('started_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('finished_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_participation_panelist_id_panelist')),
    sa.ForeignKeyConstraint(['round_id'], ['round.id'], name=op.f('fk_participation_round_id_round'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('round_id', 'panelist_id', name=op.f('pk_participation'))
    )
    op.create_table('signature',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('text_hash', sa.Text(), nullable=False),
    sa.Column('signed_as', sa.Text(), nullable=False),
    sa.Column('declared', sa.Text(), nullable=False),
    sa.Column('signed_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('interests', 'confidentiality')", name=op.f('ck_signature_known_kind')),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_signature_panelist_id_panelist'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signature')),
    sa.UniqueConstraint('panelist_id', 'kind', 'text_hash', name=op.f('uq_signature_panelist_id_kind_text_hash'))
    )
    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signature_panelist_id'), ['panelist_id'], unique=False)

    op.create_table('note_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('note_id', sa.Integer(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=True),
    sa.Column('knowledge_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('(task_id IS NULL) <> (knowledge_id IS NULL)', name=op.f('ck_note_link_one_statement')),
    sa.ForeignKeyConstraint(['knowledge_id'], ['knowledge.id'], name=op.f('fk_note_link_knowledge_id_knowledge'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['note_id'], ['meeting_note.id'], name=op.f('fk_note_link_note_id_meeting_note'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_note_link_task_id_task'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_note_link'))
    )
    with op.batch_alter_table('note_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_note_link_knowledge_id'), ['knowledge_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_note_link_task_id'), ['task_id'], unique=False)
        batch_op.create_index('uq_note_link_knowledge', ['note_id', 'knowledge_id'], unique=True, sqlite_where=sa.text('knowledge_id IS NOT NULL'), postgresql_where=sa.text('knowledge_id IS NOT NULL'))
        batch_op.create_index('uq_note_link_task', ['note_id', 'task_id'], unique=True, sqlite_where=sa.text('task_id IS NOT NULL'), postgresql_where=sa.text('task_id IS NOT NULL'))

    op.create_table('note_theme',
    sa.Column('note_id', sa.Integer(), nullable=False),
    sa.Column('theme_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['note_id'], ['meeting_note.id'], name=op.f('fk_note_theme_note_id_meeting_note'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['theme_id'], ['meeting_theme.id'], name=op.f('fk_note_theme_theme_id_meeting_theme'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('note_id', 'theme_id', name=op.f('pk_note_theme'))
    )
    op.create_table('round_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=True),
    sa.Column('knowledge_id', sa.Integer(), nullable=True),
    sa.Column('domain_id', sa.Integer(), nullable=True),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('wording', sa.Text(), nullable=False),
    sa.Column('area', sa.Text(), nullable=False),
    sa.CheckConstraint("kind IN ('task', 'knowledge', 'domain')", name=op.f('ck_round_item_known_kind')),
    sa.ForeignKeyConstraint(['domain_id'], ['domain.id'], name=op.f('fk_round_item_domain_id_domain'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['knowledge_id'], ['knowledge.id'], name=op.f('fk_round_item_knowledge_id_knowledge'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['round_id'], ['round.id'], name=op.f('fk_round_item_round_id_round'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_round_item_task_id_task'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_round_item')),
    sa.UniqueConstraint('round_id', 'position', name=op.f('uq_round_item_round_id_position'))
    )
    with op.batch_alter_table('round_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_round_item_domain_id'), ['domain_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_round_item_knowledge_id'), ['knowledge_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_round_item_round_id'), ['round_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_round_item_task_id'), ['task_id'], unique=False)

    op.create_table('proposal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.Column('statement', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('task_id', sa.Integer(), nullable=True),
    sa.Column('mark', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('saved_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('proposed', 'accepted', 'merged', 'declined')", name=op.f('ck_proposal_known_state')),
    sa.ForeignKeyConstraint(['item_id'], ['round_item.id'], name=op.f('fk_proposal_item_id_round_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_proposal_panelist_id_panelist')),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_proposal_task_id_task'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposal')),
    sa.UniqueConstraint('mark', name=op.f('uq_proposal_mark'))
    )
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proposal_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_proposal_panelist_id'), ['panelist_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_proposal_task_id'), ['task_id'], unique=False)

    op.create_table('round_answer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('other_id', sa.Integer(), nullable=True),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('wording', sa.Text(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('saved_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.CheckConstraint('version >= 1', name=op.f('ck_round_answer_version_positive')),
    sa.ForeignKeyConstraint(['item_id'], ['round_item.id'], name=op.f('fk_round_answer_item_id_round_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['other_id'], ['round_item.id'], name=op.f('fk_round_answer_other_id_round_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_round_answer_panelist_id_panelist')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_round_answer')),
    sa.UniqueConstraint('panelist_id', 'item_id', 'other_id', name=op.f('uq_round_answer_panelist_id_item_id_other_id'))
    )
    with op.batch_alter_table('round_answer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_round_answer_item_id'), ['item_id'], unique=False)
        batch_op.create_index('uq_round_answer_single', ['panelist_id', 'item_id'], unique=True, sqlite_where=sa.text('other_id IS NULL'), postgresql_where=sa.text('other_id IS NULL'))

    op.create_table('round_answer_change',
    sa.Column('answer_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('wording', sa.Text(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('saved_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('replaced_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['answer_id'], ['round_answer.id'], name=op.f('fk_round_answer_change_answer_id_round_answer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('answer_id', 'version', name=op.f('pk_round_answer_change'))
    )
    op.create_table('round_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.Column('proposal_id', sa.Integer(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('votes', sa.JSON(), nullable=False),
    sa.Column('wording', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_name', sa.Text(), nullable=False),
    sa.Column('at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('superseded_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.CheckConstraint('(item_id IS NULL) <> (proposal_id IS NULL)', name=op.f('ck_round_decision_one_subject')),
    sa.CheckConstraint('length(reason) > 0', name=op.f('ck_round_decision_reason_given')),
    sa.ForeignKeyConstraint(['item_id'], ['round_item.id'], name=op.f('fk_round_decision_item_id_round_item'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposal.id'], name=op.f('fk_round_decision_proposal_id_proposal'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['round_id'], ['round.id'], name=op.f('fk_round_decision_round_id_round'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_round_decision'))
    )
    with op.batch_alter_table('round_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_round_decision_round_id'), ['round_id'], unique=False)
        batch_op.create_index('uq_round_decision_item', ['item_id'], unique=True, sqlite_where=sa.text('superseded_at IS NULL'), postgresql_where=sa.text('superseded_at IS NULL'))
        batch_op.create_index('uq_round_decision_proposal', ['proposal_id'], unique=True, sqlite_where=sa.text('superseded_at IS NULL'), postgresql_where=sa.text('superseded_at IS NULL'))

    op.create_table('panel_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('panelist_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('asked_at', jta.db.UtcTime(timezone=True), nullable=False),
    sa.Column('ended_at', jta.db.UtcTime(timezone=True), nullable=True),
    sa.CheckConstraint(
        "state IN ('planned', 'handed over', 'accepted', 'refused', 'unknown', 'skipped')",
        name=op.f('ck_panel_message_known_state'),
    ),
    sa.ForeignKeyConstraint(['panelist_id'], ['panelist.id'], name=op.f('fk_panel_message_panelist_id_panelist'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['round_id'], ['round.id'], name=op.f('fk_panel_message_round_id_round'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_panel_message')),
    sa.UniqueConstraint('message_id', name=op.f('uq_panel_message_message_id'))
    )
    with op.batch_alter_table('panel_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_panel_message_panelist_id'), ['panelist_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_panel_message_round_id'), ['round_id'], unique=False)


def downgrade() -> None:
    op.drop_table('panel_message')
    with op.batch_alter_table('round_decision', schema=None) as batch_op:
        batch_op.drop_index('uq_round_decision_proposal', sqlite_where=sa.text('superseded_at IS NULL'), postgresql_where=sa.text('superseded_at IS NULL'))
        batch_op.drop_index('uq_round_decision_item', sqlite_where=sa.text('superseded_at IS NULL'), postgresql_where=sa.text('superseded_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_round_decision_round_id'))

    op.drop_table('round_decision')
    op.drop_table('round_answer_change')
    with op.batch_alter_table('round_answer', schema=None) as batch_op:
        batch_op.drop_index('uq_round_answer_single', sqlite_where=sa.text('other_id IS NULL'), postgresql_where=sa.text('other_id IS NULL'))
        batch_op.drop_index(batch_op.f('ix_round_answer_item_id'))

    op.drop_table('round_answer')
    with op.batch_alter_table('proposal', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_proposal_task_id'))
        batch_op.drop_index(batch_op.f('ix_proposal_panelist_id'))
        batch_op.drop_index(batch_op.f('ix_proposal_item_id'))

    op.drop_table('proposal')
    with op.batch_alter_table('round_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_round_item_task_id'))
        batch_op.drop_index(batch_op.f('ix_round_item_round_id'))
        batch_op.drop_index(batch_op.f('ix_round_item_knowledge_id'))
        batch_op.drop_index(batch_op.f('ix_round_item_domain_id'))

    op.drop_table('round_item')
    op.drop_table('note_theme')
    with op.batch_alter_table('note_link', schema=None) as batch_op:
        batch_op.drop_index('uq_note_link_task', sqlite_where=sa.text('task_id IS NOT NULL'), postgresql_where=sa.text('task_id IS NOT NULL'))
        batch_op.drop_index('uq_note_link_knowledge', sqlite_where=sa.text('knowledge_id IS NOT NULL'), postgresql_where=sa.text('knowledge_id IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_note_link_task_id'))
        batch_op.drop_index(batch_op.f('ix_note_link_knowledge_id'))

    op.drop_table('note_link')
    with op.batch_alter_table('signature', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_signature_panelist_id'))

    op.drop_table('signature')
    op.drop_table('participation')
    op.drop_table('meeting_participant')
    with op.batch_alter_table('meeting_note', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meeting_note_meeting_id'))

    op.drop_table('meeting_note')
    with op.batch_alter_table('meeting_decision', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meeting_decision_study_id'))
        batch_op.drop_index(batch_op.f('ix_meeting_decision_meeting_id'))

    op.drop_table('meeting_decision')
    op.drop_table('meeting_theme')
    with op.batch_alter_table('round', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_round_study_id'))

    op.drop_table('round')
    with op.batch_alter_table('panelist', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_panelist_study_id'))

    op.drop_table('panelist')
    op.drop_table('panel_text')
    op.drop_table('panel_target')
    with op.batch_alter_table('meeting', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_meeting_study_id'))

    op.drop_table('meeting')
