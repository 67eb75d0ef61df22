"""The kinds of word problem: each draws its numbers so that every result is a whole number above 1.

The numbers are small on purpose: a small model can learn the arithmetic, and a reader can check it.
"""

from random import Random

from tui_trainer.engine.data.word_scenes import (
    GOODS,
    MONTHS,
    PEOPLE,
    THINGS,
    Calculation,
    Scene,
    SceneMaker,
    Step,
    three_people,
    two_people,
)


def giving_away(rng: Random) -> Scene:
    who, friend = two_people(rng)
    things = rng.choice(THINGS)
    start, more = rng.randint(12, 60), rng.randint(3, 30)
    left = Calculation(start, "-", rng.randint(3, start - 5))
    now = Calculation(left.result, "+", more)
    verb = rng.choice(("buys", "finds", "gets"))
    return Scene(
        f"{who.name} has {start} {things}. {who.They} gives {left.right} of them to {friend.name} "
        f"and then {verb} {more} more.",
        f"How many {things} does {who.name} have now?",
        (
            Step(f"After giving some away, {who.name} has @ {things}.", left),
            Step(f"Now {who.name} has @ {things}.", now),
        ),
    )


def half_as_many(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    things = rng.choice(THINGS)
    first, second = rng.sample(MONTHS, 2)
    half = Calculation(2 * rng.randint(4, 40), "/", 2)
    total = Calculation(half.left, "+", half.result)
    return Scene(
        f"{who.name} sold {half.left} {things} in {first} and half as many in {second}.",
        f"How many {things} did {who.name} sell altogether?",
        (
            Step(f"In {second} {who.name} sold @ {things}.", half),
            Step(f"Altogether {who.name} sold @ {things}.", total),
        ),
    )


def full_bags(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    things, holder = rng.choice(THINGS), rng.choice(("bags", "boxes", "baskets", "jars"))
    total = Calculation(rng.randint(2, 9), "*", rng.randint(4, 12))
    left = Calculation(total.result, "-", rng.randint(2, total.result - 2))
    verb = rng.choice(("gives away", "sells", "uses"))
    return Scene(
        f"{who.name} has {total.left} {holder} with {total.right} {things} in each. "
        f"{who.They} {verb} {left.right} of the {things}.",
        f"How many {things} are left?",
        (
            Step(f"The {holder} hold @ {things}.", total),
            Step(f"There are @ {things} left.", left),
        ),
    )


def sharing(rng: Random) -> Scene:
    who, friend = two_people(rng)
    things = rng.choice(THINGS)
    children, each = rng.randint(2, 9), rng.randint(3, 12)
    mine = rng.randint(2, children * each - 2)
    total = Calculation(mine, "+", children * each - mine)
    return Scene(
        f"{who.name} has {mine} {things} and {friend.name} has {total.right} {things}. They put "
        f"them together and share them equally among {children} children.",
        f"How many {things} does each child get?",
        (
            Step(f"Together they have @ {things}.", total),
            Step(f"Each child gets @ {things}.", Calculation(total.result, "/", children)),
        ),
    )


def shopping(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    (one, ones), (other, others) = rng.sample(GOODS, 2)
    first = Calculation(rng.randint(2, 9), "*", rng.randint(2, 12))
    second = Calculation(rng.randint(2, 9), "*", rng.randint(2, 12))
    return Scene(
        f"A {one} costs ${first.right} and a {other} costs ${second.right}. "
        f"{who.name} buys {first.left} {ones} and {second.left} {others}.",
        f"How much does {who.name} spend?",
        (
            Step(f"The {ones} cost @.", first, money=True),
            Step(f"The {others} cost @.", second, money=True),
            Step(
                f"{who.name} spends @.",
                Calculation(first.result, "+", second.result),
                money=True,
            ),
        ),
    )


def change_back(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    goods = rng.choice(GOODS)[1]
    cost = Calculation(rng.randint(2, 9), "*", rng.randint(2, 10))
    note = next(note for note in (20, 50, 100) if note > cost.result + 1)
    return Scene(
        f"{who.name} buys {cost.left} {goods} for ${cost.right} each. "
        f"{who.They} pays with a ${note} note.",
        f"How much change does {who.they} get?",
        (
            Step(f"The {goods} cost @.", cost, money=True),
            Step("The change is @.", Calculation(note, "-", cost.result), money=True),
        ),
    )


def wages(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    place = rng.choice(("a bakery", "a farm", "a library", "a garage", "a cafe", "a shop"))
    rate, days = rng.randint(8, 15), rng.randint(2, 6)
    hours = Calculation(rng.randint(2, 5), "*", days)
    return Scene(
        f"{who.name} works at {place} for ${rate} an hour. "
        f"{who.They} works {hours.left} hours a day for {days} days.",
        f"How much does {who.name} earn?",
        (
            Step(f"{who.name} works @ hours.", hours),
            Step(f"{who.name} earns @.", Calculation(hours.result, "*", rate), money=True),
        ),
    )


def pages_left(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    read = Calculation(rng.randint(2, 9), "*", rng.randint(5, 12))
    pages = read.result + rng.randint(5, 90)
    return Scene(
        f"{who.name} is reading a book of {pages} pages. "
        f"{who.They} reads {read.right} pages a day for {read.left} days.",
        f"How many pages does {who.name} still have to read?",
        (
            Step(f"{who.name} has read @ pages.", read),
            Step("There are @ pages left.", Calculation(pages, "-", read.result)),
        ),
    )


def rows_of_seats(rng: Random) -> Scene:
    place = rng.choice(("hall", "theatre", "tent", "school", "church"))
    seats = Calculation(rng.randint(3, 12), "*", rng.randint(4, 12))
    empty = Calculation(seats.result, "-", rng.randint(5, seats.result - 3))
    return Scene(
        f"A {place} has {seats.left} rows of chairs with {seats.right} chairs in each row. "
        f"One evening {empty.right} people sit down.",
        "How many chairs stay empty?",
        (
            Step(f"The {place} has @ chairs.", seats),
            Step("That leaves @ empty chairs.", empty),
        ),
    )


def long_drive(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    speed, unit = 10 * rng.randint(3, 9), rng.choice(("miles", "kilometers"))
    first = Calculation(rng.randint(2, 6), "*", speed)
    more = rng.randint(5, 80)
    return Scene(
        f"{who.name} drives for {first.left} hours at {speed} {unit} an hour. "
        f"After a rest {who.they} drives another {more} {unit}.",
        f"How many {unit} does {who.name} drive in all?",
        (
            Step(f"Before the rest {who.name} drives @ {unit}.", first),
            Step(f"In all {who.name} drives @ {unit}.", Calculation(first.result, "+", more)),
        ),
    )


def ages(rng: Random) -> Scene:
    young, old = two_people(rng)
    now = Calculation(rng.randint(2, 5), "*", rng.randint(4, 14))
    years = rng.randint(2, 12)
    return Scene(
        f"{young.name} is {now.right} years old. {old.name} is {now.left} times as old.",
        f"How old will {old.name} be in {years} years?",
        (
            Step(f"{old.name} is @ years old.", now),
            Step(
                f"In {years} years {old.name} will be @ years old.",
                Calculation(now.result, "+", years),
            ),
        ),
    )


def saving_up(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    wish = rng.choice(("bicycle", "guitar", "tent", "camera", "phone", "desk"))
    saved = Calculation(rng.randint(3, 9), "*", rng.randint(4, 12))
    total = Calculation(rng.randint(5, 40), "+", saved.result)
    price = total.result + rng.randint(5, 60)
    return Scene(
        f"{who.name} wants a {wish} that costs ${price}. {who.They} has ${total.left} and saves "
        f"${saved.right} a week for {saved.left} weeks.",
        f"How much more does {who.name} need?",
        (
            Step(f"{who.name} saves @.", saved, money=True),
            Step(f"Then {who.they} has @.", total, money=True),
            Step(f"{who.name} needs @ more.", Calculation(price, "-", total.result), money=True),
        ),
    )


def times_as_many(rng: Random) -> Scene:
    who, friend = two_people(rng)
    things = rng.choice(THINGS)
    theirs = Calculation(rng.randint(2, 6), "*", rng.randint(4, 12))
    return Scene(
        f"{who.name} has {theirs.right} {things}. "
        f"{friend.name} has {theirs.left} times as many {things} as {who.name}.",
        f"How many {things} do they have together?",
        (
            Step(f"{friend.name} has @ {things}.", theirs),
            Step(f"Together they have @ {things}.", Calculation(theirs.right, "+", theirs.result)),
        ),
    )


def selling_eggs(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    laid = Calculation(rng.randint(3, 9), "*", rng.randint(2, 6))
    sold = Calculation(laid.result, "-", rng.randint(2, laid.result - 2))
    price = rng.randint(2, 5)
    return Scene(
        f"{who.name} keeps {laid.left} hens. Each hen lays {laid.right} eggs a week. {who.They} "
        f"keeps {sold.right} eggs and sells the rest for ${price} each.",
        f"How much does {who.name} get for the eggs in a week?",
        (
            Step("The hens lay @ eggs.", laid),
            Step(f"{who.name} sells @ eggs.", sold),
            Step(f"{who.They} gets @.", Calculation(sold.result, "*", price), money=True),
        ),
    )


def packing(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    cake = rng.choice(("cookies", "muffins", "rolls", "pies", "pancakes"))
    size = rng.choice((2, 3, 4, 6))
    baked = Calculation(rng.randint(2, 9), "*", size * rng.randint(2, 4))
    return Scene(
        f"{who.name} bakes {baked.left} trays of {cake} with {baked.right} {cake} on each tray. "
        f"{who.They} packs them in boxes of {size}.",
        f"How many boxes does {who.name} fill?",
        (
            Step(f"{who.name} bakes @ {cake}.", baked),
            Step(f"{who.They} fills @ boxes.", Calculation(baked.result, "/", size)),
        ),
    )


def three_collectors(rng: Random) -> Scene:
    first, second, third = three_people(rng)
    things = rng.choice(THINGS)
    more = Calculation(rng.randint(4, 30), "+", rng.randint(3, 20))
    both = Calculation(more.left, "+", more.result)
    return Scene(
        f"{first.name} collects {more.left} {things}. {second.name} collects {more.right} more "
        f"than {first.name}. {third.name} collects as many as both of them together.",
        f"How many {things} do the three collect in all?",
        (
            Step(f"{second.name} collects @ {things}.", more),
            Step(f"{third.name} collects @ {things}.", both),
            Step(f"In all they collect @ {things}.", Calculation(both.result, "*", 2)),
        ),
    )


def bus_stops(rng: Random) -> Scene:
    vehicle = rng.choice(("bus", "train", "tram", "ferry"))
    off = Calculation(rng.randint(20, 60), "-", rng.randint(3, 15))
    on = Calculation(off.result, "+", rng.randint(3, 15))
    last = Calculation(on.result, "-", rng.randint(2, 6))
    return Scene(
        f"There are {off.left} people on a {vehicle}. At the first stop {off.right} people get off "
        f"and {on.right} people get on. At the next stop {last.right} people get off.",
        f"How many people are on the {vehicle} now?",
        (
            Step(f"At the first stop @ people stay on the {vehicle}.", off),
            Step("Then there are @ people.", on),
            Step(f"After the next stop there are @ people on the {vehicle}.", last),
        ),
    )


def practice(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    skill = rng.choice(("the piano", "the violin", "chess", "Spanish", "football", "drawing"))
    day = Calculation(5 * rng.randint(2, 8), "+", 5 * rng.randint(2, 8))
    days = rng.randint(2, 7)
    return Scene(
        f"{who.name} practises {skill} for {day.left} minutes each morning and {day.right} minutes "
        f"each evening.",
        f"How many minutes does {who.name} practise in {days} days?",
        (
            Step(f"Each day {who.name} practises @ minutes.", day),
            Step(f"In {days} days that is @ minutes.", Calculation(day.result, "*", days)),
        ),
    )


def classroom(rng: Random) -> Scene:
    things = rng.choice(THINGS)
    total = Calculation(rng.randint(4, 12), "*", rng.randint(3, 12))
    return Scene(
        f"There are {total.left} children in a class. The teacher gives {total.right} {things} to "
        f"each child.",
        f"How many {things} does the teacher give out?",
        (Step(f"The teacher gives out @ {things}.", total),),
    )


def garden_beds(rng: Random) -> Scene:
    who = rng.choice(PEOPLE)
    plant = rng.choice(("tulips", "roses", "carrots", "onions", "beans", "lettuces"))
    beds = rng.randint(2, 6)
    planted = Calculation(rng.randint(3, 9), "*", rng.randint(3, 9))
    lost = rng.randint(2, planted.result - 4)
    kept = Calculation(planted.result, "-", lost)
    return Scene(
        f"{who.name} has {beds} garden beds. In each bed {who.they} plants {planted.left} rows of "
        f"{planted.right} {plant}, and the snails eat {lost} {plant} in each bed.",
        f"How many {plant} are left in the garden?",
        (
            Step(f"In each bed {who.name} plants @ {plant}.", planted),
            Step(f"In each bed @ {plant} are left.", kept),
            Step(f"In the garden @ {plant} are left.", Calculation(kept.result, "*", beds)),
        ),
    )


STORIES: tuple[SceneMaker, ...] = (
    giving_away,
    half_as_many,
    full_bags,
    sharing,
    shopping,
    change_back,
    wages,
    pages_left,
    rows_of_seats,
    long_drive,
    ages,
    saving_up,
    times_as_many,
    selling_eggs,
    packing,
    three_collectors,
    bus_stops,
    practice,
    classroom,
    garden_beds,
)
