"""Every refusal of money in and out."""

from kit.errors import Kind, Refusal


class BankAccountInvalid(Refusal):
    """`field` is the first that cannot be right, such as an IBAN whose check digits are wrong."""

    code = "bank-account-invalid"
    kind = Kind.INVALID
    title = "These cannot be the details of a bank account."


class BankAccountMissing(Refusal):
    """`party` has agreed no account in `currency`; the hub's own party is 1."""

    code = "bank-account-missing"
    kind = Kind.CONFLICT
    title = "A party to this window's payments has no bank account."
    retryable = True


class InvoiceNotFound(Refusal):
    code = "invoice-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such invoice."


class BankFileMalformed(Refusal):
    """`where` names the element, when one is to blame; `line` and `column`, from 1, where it is."""

    code = "bank-file-malformed"
    kind = Kind.MALFORMED
    title = "The file is no camt.053 that can be read."


class BankFileCurrencyUnknown(Refusal):
    code = "bank-file-currency-unknown"
    kind = Kind.INVALID
    title = "The file holds an amount in another currency than its account's."


class BankFileDoesNotAddUp(Refusal):
    """`off_by` is in minor units: the closing balance less what it should be."""

    code = "bank-file-does-not-add-up"
    kind = Kind.INVALID
    title = "The opening balance and the entries do not come to the closing balance."


class BankFileAccountUnknown(Refusal):
    code = "bank-file-account-unknown"
    kind = Kind.CONFLICT
    title = "The file is about an account that is not the hub's."


class BankStatementDiffers(Refusal):
    code = "bank-statement-differs"
    kind = Kind.CONFLICT
    title = "Another statement of this account has this number and says something else."


class BankEntryNotFound(Refusal):
    code = "bank-entry-not-found"
    kind = Kind.NOT_FOUND
    title = "There is no such entry of the bank."


class PaymentNotFound(Refusal):
    """Payments are named as in the payment files: 2026-11-R1-P000003."""

    code = "payment-not-found"
    kind = Kind.NOT_FOUND
    title = "No window that is being paid has such a payment."


class BankMatchRefused(Refusal):
    """`why` is `matched`, `currency`, `internal` or `between-partners`."""

    code = "bank-match-refused"
    kind = Kind.CONFLICT
    title = "This entry cannot belong to this payment."


class ConfirmationRefused(Refusal):
    """`why` is `bank-sees-it` or `confirmed`."""

    code = "confirmation-refused"
    kind = Kind.CONFLICT
    title = "This payment is not to be confirmed by hand."
