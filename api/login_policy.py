"""How long a session lasts, how long a name waits after wrong passwords, which may be chosen."""

import unicodedata
from dataclasses import dataclass

PASSWORD_MAX_CHARS = 200
"""Longest password: far above the 64 that NIST SP 800-63B wants to be possible."""

COMMONEST = frozenset(
    {
        "111111111111", "123123123123", "123456123456", "123456789012", "1234567890123",
        "12345678901234", "123456789abc", "1q2w3e4r5t6y", "1qaz2wsx3edc",
        "abc123456789", "abcd12345678", "abcdefghijkl", "admin1234567", "administrator",
        "adminadminadmin", "asdfghjkl123", "changemechangeme", "changeme1234", "iloveyou1234",
        "letmein12345", "parkguard123", "parkguard1234", "parkguardparkguard", "passw0rd1234",
        "password1234", "password12345", "passwordpassword", "qazwsxedcrfv", "qwerty123456",
        "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf", "welcome12345", "woaini123456",
        "woaini1314520", "zxcvbnm12345",
    }
)  # fmt: skip
"""The commonest passwords that are long enough. Ours, after public lists of leaked ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPolicy:
    """Sessions of people, and what stops guessing.

    Attributes:
        session_hours: A session ends so long after the login, whatever is done in it, hours.
            Source: NIST SP 800-63B 4.2.3 (12 h); there is no limit for idleness: a shift's phone
            lies still for long, and each request would cost a write.
        free_failures: So many wrong passwords in a row cost no wait. Ours.
        first_wait_s: The next one makes the name wait so long, seconds; each further one twice as
            long. Source: NIST SP 800-63B 5.2.2 (waits of 30 s up to an hour).
        longest_wait_s: ... and never longer, seconds. Ours: a stranger who knows a name can keep
            its holder out for so long.
        password_min_chars: Shortest password. Source: OWASP ASVS 5.0 6.2.1 asks for 8, 15 are
            better; NIST SP 800-63B-4 asks for 15 without a second factor. Ours: 12.
        refused_s: A wrong try is answered so long after it came, seconds: a known name costs a
            write more than an unknown one, and the time would tell which is which. Ours.
        hashes_at_once: So many passwords are checked at a time; each takes 19 MiB and some 40 ms.
        waiting_max: So many more may wait for their turn; the rest is answered "busy". Ours: the
            last one waits about half a second.
    """

    session_hours: float = 12.0
    free_failures: int = 5
    first_wait_s: float = 30.0
    longest_wait_s: float = 900.0
    password_min_chars: int = 12
    refused_s: float = 0.3
    hashes_at_once: int = 2
    waiting_max: int = 20


def wait_ms(failures: int, policy: LoginPolicy) -> int:
    """How long a name waits after so many wrong passwords in a row, ms; 0 below the limit."""
    over = failures - policy.free_failures
    if over < 0:
        return 0
    return round(1000 * min(policy.longest_wait_s, policy.first_wait_s * 2.0 ** min(over, 30)))


def fault_of(password: str, name: str, policy: LoginPolicy) -> str | None:
    """Why a password may not be chosen, None when it may. No rule of composition (NIST)."""
    if len(password) < policy.password_min_chars:
        return f"a password has at least {policy.password_min_chars} characters"
    if len(password) > PASSWORD_MAX_CHARS:
        return f"a password has at most {PASSWORD_MAX_CHARS} characters"
    low = normal(password).casefold()
    if low == name.casefold():
        return "a password is not the name itself"
    if low in COMMONEST or len(set(low)) == 1:
        return "that password is one of the commonest: choose another"
    return None


def normal(password: str) -> str:
    """The same text however a keyboard composed it (NFKC; NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
