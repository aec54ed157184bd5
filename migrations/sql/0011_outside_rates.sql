-- Conversions that others offer, as finance knows of them: between partners' own points, money and
-- the shared points (neither a party nor money). They take part in no booking; rates are held
-- against them, so that no loop gains.
CREATE TABLE exchange.outside_rate (
    id integer GENERATED ALWAYS AS IDENTITY,
    source_party integer,
    source_money text,
    target_party integer,
    target_money text,
    gives bigint NOT NULL,
    gets bigint NOT NULL,
    minimum bigint NOT NULL,
    step bigint NOT NULL,
    valid tstzrange NOT NULL,
    CONSTRAINT outside_rate_pk PRIMARY KEY (id),
    CONSTRAINT outside_rate_source_fk FOREIGN KEY (source_party) REFERENCES exchange.party (id),
    CONSTRAINT outside_rate_target_fk FOREIGN KEY (target_party) REFERENCES exchange.party (id),
    CONSTRAINT outside_rate_of_one_kind_to_one
        CHECK (num_nonnulls(source_party, source_money) <= 1
            AND num_nonnulls(target_party, target_money) <= 1),
    CONSTRAINT outside_rate_to_another
        CHECK ((source_party, source_money) IS DISTINCT FROM (target_party, target_money)),
    CONSTRAINT outside_rate_money_is_iso
        CHECK (source_money ~ '^[A-Z]{3}$' AND target_money ~ '^[A-Z]{3}$'),
    CONSTRAINT outside_rate_is_positive CHECK (gives > 0 AND gets > 0),
    CONSTRAINT outside_rate_amounts_positive CHECK (minimum > 0 AND step > 0),
    CONSTRAINT outside_rate_period_not_empty CHECK (NOT isempty(valid))
);
GRANT SELECT, INSERT ON exchange.outside_rate TO hub_app;
GRANT USAGE ON SEQUENCE exchange.outside_rate_id_seq TO hub_app;
