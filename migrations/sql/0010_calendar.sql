-- When windows close and what days follow; each row is in force until the next.
CREATE TABLE settlement.calendar (
    valid_from timestamptz NOT NULL,
    every text NOT NULL,
    cut_off time NOT NULL,
    zone text NOT NULL,
    advice_days integer NOT NULL,
    call_days integer NOT NULL,
    dispute_days integer NOT NULL,
    route text NOT NULL,
    CONSTRAINT calendar_pk PRIMARY KEY (valid_from),
    CONSTRAINT calendar_every_known CHECK (every IN ('day', 'week', 'half-month', 'month')),
    CONSTRAINT calendar_route_known CHECK (route IN ('hub', 'direct')),
    CONSTRAINT calendar_days_in_order
        CHECK (0 <= advice_days AND advice_days <= call_days AND 0 <= dispute_days)
);

GRANT SELECT, INSERT ON settlement.calendar TO hub_app;
