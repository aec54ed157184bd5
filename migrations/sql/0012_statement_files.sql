-- Statements as people open them: made once from the signed document, and kept, so that a file
-- never changes once it was handed out.
CREATE TABLE settlement.statement_file (
    number text NOT NULL,
    format text NOT NULL,
    language text NOT NULL,
    content bytea NOT NULL,
    digest bytea NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT statement_file_pk PRIMARY KEY (number, format, language),
    CONSTRAINT statement_file_statement_fk
        FOREIGN KEY (number) REFERENCES settlement.statement (number),
    CONSTRAINT statement_file_format_known CHECK (format IN ('xlsx', 'pdf')),
    CONSTRAINT statement_file_language_known CHECK (language IN ('zh', 'en')),
    CONSTRAINT statement_file_digest_is_its CHECK (digest = sha256(content))
);
ALTER TABLE settlement.statement_file ALTER COLUMN content SET STORAGE EXTERNAL;

GRANT SELECT, INSERT ON settlement.statement_file TO hub_app;
