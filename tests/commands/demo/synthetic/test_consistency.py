"""Everything in a synthetic folder agrees with everything else, by brute force from the files."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

SCHOOLS = {
    "secondary": {"phase": "secondary", "pupils": 150},
    "primary": {"phase": "primary", "pupils": 120},
    "special": {"phase": "special", "pupils": 60},
    "all-through": {"phase": "all-through", "pupils": 120, "until": date(2026, 11, 20)},
    "two years": {"phase": "secondary", "pupils": 50, "years": 2, "until": date(2026, 2, 11)},
    "two laws": {
        "phase": "primary",
        "pupils": 60,
        "years": 2,
        "until": date(2024, 12, 4),
    },
}
LONDON = ZoneInfo("Europe/London")
NEW_LAW = date(2024, 8, 19)
NEW = r" / \ L K V P W B C1 M J1 S X C2 D C T R I E Q Y1 Y2 Y3 Y5 Y6 Y7 G N O U "
OLD = r" / \ L B D J P V W C E H I M R S T G N O U X Y "
HALF_OF = {"/": "AM", "\\": "PM"}


@pytest.fixture(params=SCHOOLS)
def found(request, school):
    return school(**SCHOOLS[request.param])


def day(text):
    return date.fromisoformat(text)


def covers(first, last, on):
    """Whether ISO dates, the last perhaps empty, hold an ISO date."""
    return first <= on and (not last or on <= last)


def by(rows, column):
    grouped = defaultdict(list)
    for row in rows:
        grouped[row[column]].append(row)
    return grouped


def year_group_on(found):
    groups = by((g for g in found.tables["groups"] if g["kind"] == "year"), "upn")

    def year_group(upn, on):
        names = [g["name"] for g in groups[upn] if covers(g["from"], g["to"], on)]
        assert len(names) == 1, (upn, on, names)
        return names[0]

    return year_group


def sessions_met(found, year_group):
    """The sessions that the school meets for a year group, from terms and closures alone."""
    closed = set()
    for closure in found.toml["closed"]:
        if year_group in closure.get("groups", [year_group]):
            halves = closure.get("sessions", ["AM", "PM"])
            closed |= {(closure["date"].isoformat(), half) for half in halves}
    met = set()
    for term in found.toml["term"]:
        for offset in range((term["last"] - term["first"]).days + 1):
            on = term["first"] + timedelta(days=offset)
            if on.weekday() < 5 and on <= found.until:
                met |= {(on.isoformat(), half) for half in ("AM", "PM")}
    return met - closed


def of_compulsory_age(dob, on):
    """EA 1996 s.8 by counting days, apart from the code under test."""
    fifth = date(dob.year + 5, 3, 1) if (dob.month, dob.day) == (2, 29) else None
    begins = fifth or dob.replace(year=dob.year + 5)
    while (begins.month, begins.day) not in {(3, 31), (8, 31), (12, 31)}:
        begins += timedelta(days=1)
    summer = dob.year + 16 + ((dob.month, dob.day) >= (9, 1))
    ends = date(summer, 6, 30)
    while ends.weekday() != 4:
        ends -= timedelta(days=1)
    return begins <= on <= ends


def check_code(row, code, dobs):
    upn, on, half = row["upn"], day(row["date"]), row["session"]
    allowed = NEW if on >= NEW_LAW else OLD
    assert f" {code} " in allowed, (code, on)
    assert HALF_OF.get(code, half) == half, (code, half)
    if code == "X":
        assert not of_compulsory_age(dobs[upn], on), (upn, on)
    if code == "C2":
        assert of_compulsory_age(dobs[upn], on), (upn, on)
    assert bool(row["nature"]) == (code in {"B", "K", "Y7", "Y"}), row


def test_every_pupil_on_roll_has_one_mark_for_each_session_met(found):
    marked = Counter(found.key(row) for row in found.tables["marks"])
    assert set(marked.values()) == {1}
    group_of = year_group_on(found)
    names = {g["name"] for g in found.tables["groups"] if g["kind"] == "year"}
    met = {name: sessions_met(found, name) for name in names}
    everything = set().union(*met.values())
    expected = {
        (row["upn"], on, half)
        for row in found.tables["pupils"]
        for on, half in everything
        if covers(row["starts_on"], row["leaves_on"], on)
        and (on, half) in met[group_of(row["upn"], on)]
    }
    assert marked.keys() == expected


def test_codes_are_in_force_and_allowed_for_the_pupil(found):
    """Every code existed on its day, for that half of it, for a pupil of that age."""
    dobs = {row["upn"]: day(row["dob"]) for row in found.tables["pupils"]}
    for row in found.tables["marks"]:
        check_code(row, row["code"], dobs)
        assert bool(row["minutes_late"]) == (row["code"] == "L")
    for row in found.tables["amendments"]:
        check_code(row, row["amended"], dobs)
        assert bool(row["minutes_late"]) == (row["amended"] in {"L", "U"})


def test_amendments_replace_what_stands_in_order_of_time(found):
    """`original` is what stood, each change later than the one before, none after `until`."""
    stands = {found.key(r): (r["code"], instant(r["recorded_on"])) for r in found.tables["marks"]}
    end = datetime.combine(found.until, time(23, 59, 59), LONDON)
    for row in found.tables["amendments"]:
        code, since = stands[found.key(row)]
        at = instant(row["amended_on"])
        assert row["original"] == code != row["amended"]
        assert since < at <= end
        assert row["reason"]
        stands[found.key(row)] = row["amended"], at
    times = [instant(row["amended_on"]) for row in found.tables["amendments"]]
    assert times == sorted(times)


def instant(text):
    """A stated instant, which must carry the offset that London had then."""
    at = datetime.fromisoformat(text)
    assert at.utcoffset() == at.astimezone(LONDON).utcoffset()
    return at.astimezone(LONDON)


def test_registers_are_taken_while_open_and_listed_in_order(found):
    """Each recorded time lies between opening and closing; the file follows the clock."""
    (times,) = found.toml["register"]
    for row in found.tables["marks"]:
        at, open_ = instant(row["recorded_on"]), times[row["session"].lower()]
        assert at.date() == day(row["date"])
        assert open_["opens"] <= at.time() <= open_["closes"]
        arrived = datetime.combine(at.date(), open_["opens"], LONDON)
        assert arrived + timedelta(minutes=int(row["minutes_late"] or 0)) <= at
    order = [(r["date"], r["session"], r["recorded_on"]) for r in found.tables["marks"]]
    assert all(earlier <= later for earlier, later in pairwise(order))


def test_registers_list_whole_groups_under_their_teacher(found):
    """In a session, a registration group's pupils stand together and have one recorder."""
    groups = by((g for g in found.tables["groups"] if g["kind"] == "registration"), "upn")
    seen: dict[tuple, list[str]] = defaultdict(list)
    for row in found.tables["marks"]:
        names = [g["name"] for g in groups[row["upn"]] if covers(g["from"], g["to"], row["date"])]
        assert len(names) == 1, (row, names)
        register = (names[0], row["recorded_by"], row["recorded_on"])
        listed = seen[row["date"], row["session"]]
        if not listed or listed[-1] != register:
            listed.append(register)
    for listed in seen.values():
        assert len({name for name, _, _ in listed}) == len(listed)


def test_authors_are_staff_on_the_day(found):
    posts = by(found.tables["staff"], "staff_id")
    made = {(row["recorded_by"], row["recorded_on"][:10]) for row in found.tables["marks"]}
    made |= {(row["amended_by"], row["amended_on"][:10]) for row in found.tables["amendments"]}
    made |= {(row["by"], row["on"]) for row in found.tables["casework"]}
    for staff_id, on in made:
        assert sum(covers(post["from"], post["to"], on) for post in posts[staff_id]) == 1


def test_upns_are_valid_and_unique(found):
    """Thirteen characters with the check letter that DfE's weights give; local ids differ too."""
    alphabet = "ABCDEFGHJKLMNPQRTUVWXYZ"
    pupils = by(found.tables["pupils"], "upn")
    for upn in pupils:
        assert len(upn) == 13
        weighted = zip(map(int, upn[1:]), range(2, 14), strict=True)
        assert upn[0] == alphabet[sum(digit * weight for digit, weight in weighted) % 23]
    assert len({rows[0]["local_id"] for rows in pupils.values()}) == len(pupils)


def test_spells_on_roll_do_not_overlap(found):
    for rows in by(found.tables["pupils"], "upn").values():
        for row in rows:
            assert bool(row["leaves_on"]) == bool(row["leaving_ground"])
            assert row["leaving_ground"] in {"", "a", "f", "g", "l"}
            assert row["starts_on"] <= (row["leaves_on"] or "9999")
        for earlier, later in pairwise(rows):
            assert earlier["leaves_on"] < later["starts_on"]


def test_contacts_and_casework_refer_to_known_people(found):
    """Relations, notices and casework name pupils and parents of the folder; none is in future."""
    pupils = {row["upn"] for row in found.tables["pupils"]}
    parents = {row["parent_id"] for row in found.tables["parents"]}
    related = {(r["parent_id"], r["upn"]): r for r in found.tables["relations"]}
    assert [set(each) for each in zip(*related, strict=True)] == [parents, pupils]
    for row in found.tables["notices"]:
        assert related[row["parent_id"], row["upn"]]["parental_responsibility"] == "yes"
        assert row["offence_first"] <= row["offence_last"] < row["issued_on"]
        dates = [row[c] for c in ("issued_on", "received_on", "paid_on", "withdrawn_on") if row[c]]
        assert dates == sorted(dates)
        assert dates[-1] <= str(found.until)
    for row in found.tables["casework"]:
        assert row["upn"] in pupils
        assert (row["with"], row["upn"]) in related
        assert row["on"] <= str(found.until)


def test_telephone_numbers_and_addresses_reach_nobody(found):
    for row in found.tables["parents"]:
        assert row["phone"].startswith(("07700 900", "01632 960"))
        assert len(row["phone"].replace(" ", "")) == 11
        assert row["email"].endswith("@example.org")
        assert "Exampleton" in row["address"]


def test_only_roll_terms_and_closures_reach_beyond_until(found):
    """Nothing but leaving dates, terms and planned closures lies after the last marks."""
    first = {"marks": "date", "groups": "from", "pupils": "starts_on", "staff": "from"}
    for name, column in first.items():
        assert max(row[column] for row in found.tables[name]) <= str(found.until)
    later = [c for c in found.toml["closed"] if c["date"] > found.until]
    assert {c["kind"] for c in later} <= {"planned"}
