"""market studies and ratings from elsewhere

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import jta.db

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'rating_file',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('file_hash', sa.Text(), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=True),
        sa.Column('look', sa.JSON(), nullable=False),
        sa.Column('mapping', sa.JSON(), nullable=False),
        sa.Column('preview', sa.JSON(), nullable=True),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('counts', sa.JSON(), nullable=False),
        sa.Column('uploaded_by', sa.Text(), nullable=False),
        sa.Column('uploaded_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.Column('ended_by', sa.Text(), nullable=True),
        sa.Column('ended_at', jta.db.UtcTime(timezone=True), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'imported', 'discarded')", name=op.f('ck_rating_file_known_state')
        ),
        sa.CheckConstraint(
            "(state = 'waiting') = (content IS NOT NULL)",
            name=op.f('ck_rating_file_content_while_at_work'),
        ),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_rating_file_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rating_file')),
    )
    op.create_index(op.f('ix_rating_file_study_id'), 'rating_file', ['study_id'], unique=False)
    op.create_index(
        'uq_rating_file_at_work',
        'rating_file',
        ['study_id'],
        unique=True,
        sqlite_where=sa.text('content IS NOT NULL'),
        postgresql_where=sa.text('content IS NOT NULL'),
    )
    op.create_table(
        'collected_response',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('file_id', sa.Integer(), nullable=False),
        sa.Column('source_key', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ['response_id'], ['response.id'], name=op.f('fk_collected_response_response_id_response'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_collected_response_study_id_study'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['file_id'], ['rating_file.id'], name=op.f('fk_collected_response_file_id_rating_file'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('response_id', name=op.f('pk_collected_response')),
        sa.UniqueConstraint('study_id', 'source_key', name=op.f('uq_collected_response_study_id_source_key')),
    )
    op.create_index(op.f('ix_collected_response_file_id'), 'collected_response', ['file_id'], unique=False)
    op.create_table(
        'saved_mapping',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('saved_by', sa.Text(), nullable=False),
        sa.Column('saved_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['study_id'], ['study.id'], name=op.f('fk_saved_mapping_study_id_study'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_mapping')),
        sa.UniqueConstraint('study_id', 'name', name=op.f('uq_saved_mapping_study_id_name')),
    )
    _create_codebook()
    op.add_column('study', sa.Column('kind', sa.Text(), nullable=False, server_default='practice analysis'))


def _create_codebook() -> None:
    op.create_table(
        'theme',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('study_id', sa.Integer(), nullable=False),
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('label', sa.Text(), nullable=False),
        sa.Column('definition', sa.Text(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['study_id'], ['study.id'], name=op.f('fk_theme_study_id_study'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_theme')),
        sa.UniqueConstraint('study_id', 'code', name=op.f('uq_theme_study_id_code')),
    )
    op.create_table(
        'comment_code',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('theme_id', sa.Integer(), nullable=False),
        sa.Column('coded_by', sa.Text(), nullable=False),
        sa.Column('coded_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['response_id', 'question_id'],
            ['answer.response_id', 'answer.question_id'],
            name=op.f('fk_comment_code_response_id_question_id_answer'),
            ondelete='CASCADE',
        ),
        sa.ForeignKeyConstraint(
            ['theme_id'], ['theme.id'], name=op.f('fk_comment_code_theme_id_theme'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('response_id', 'question_id', 'theme_id', name=op.f('pk_comment_code')),
    )
    op.create_index(op.f('ix_comment_code_theme_id'), 'comment_code', ['theme_id'], unique=False)
    op.create_table(
        'quote',
        sa.Column('response_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('released_by', sa.Text(), nullable=False),
        sa.Column('released_at', jta.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['response_id', 'question_id'],
            ['answer.response_id', 'answer.question_id'],
            name=op.f('fk_quote_response_id_question_id_answer'),
            ondelete='CASCADE',
        ),
        sa.PrimaryKeyConstraint('response_id', 'question_id', name=op.f('pk_quote')),
    )


def downgrade() -> None:
    op.drop_column('study', 'kind')
    for table in ('quote', 'comment_code', 'theme', 'saved_mapping', 'collected_response', 'rating_file'):
        op.drop_table(table)
