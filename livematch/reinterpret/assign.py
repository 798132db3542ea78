"""Which answer each shot of a trailer gets: for the trailer as a whole, not shot by shot. Pure.

What is sought is the largest sum of likeness, long shots counting for more, less a price for every
archive shot that is shown again, and for neighbours that come from one film (or do not). Without
the neighbours it is an assignment problem; its answer is improved, one shot and one pair at a time,
by the whole measure. Also improved is what choosing the best for one shot after the other gives, so
that the result is never worse than that.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from livematch.errors import UsageError
from livematch.reinterpret.cutlist import Question
from livematch.reinterpret.lengths import SLOWEST

DAMPED = 0.5  # how much longer shots count for more: the exponent of their length
SHORTEST_S = 0.2  # shots shorter than this count as if they were as long
NEAR = 4.0  # how many times the price of a repeat is added when it follows at once
ROUNDS = 12  # of improvement at most; most trailers need three
_MORE = 1e-9  # a gain smaller than this is none
_COPIES = 2  # uses of an archive shot that the assignment knows of; more are made up afterwards


class Neighbours(StrEnum):
    """What is wanted of shots that follow each other: films of their own, the same film, or any."""

    APART = "apart"
    TOGETHER = "together"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an assignment is judged by, in likeness.

    `repeat` is how much worse another answer must be before an archive shot is shown again;
    `neighbours` counts `neighbour` for each pair; `brief` is what an answer loses that lasts for
    next to none of its shot, in proportion less for others, and nothing if it does when played
    `slowest` times as fast; below `radius` nothing answers.
    """

    repeat: float = 0.1
    brief: float = 0.12
    slowest: float = SLOWEST
    neighbours: Neighbours = Neighbours.APART
    neighbour: float = 0.03
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer on offer: of which shot and film, by whatever names them, how like, how long."""

    shot: int
    film: str
    score: float
    lasts_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Asked:
    """A shot of the trailer: how long it is, what may answer it, and which one must, if any.

    `fixed` counts `candidates` from 0.
    """

    length_s: float
    candidates: tuple[Candidate, ...]
    fixed: int | None = None

    @property
    def weight(self) -> float:
        """How much it counts."""
        return float(max(self.length_s, SHORTEST_S) ** DAMPED)


def choose(
    questions: Sequence[Question], terms: Terms, fixed: Mapping[int, int] | None = None
) -> tuple[Question, ...]:
    """Return the questions with their answers chosen; `fixed` by the question's number.

    What a person chose stays: a number into the answers from 1, or 0 for black.
    """
    fixed = fixed or {}
    asked, places = [], []
    for place, question in enumerate(questions):
        by_hand = fixed.get(question.number)
        if question.is_black or by_hand == 0:
            continue
        if by_hand is not None and not 0 < by_hand <= len(question.answers):
            raise UsageError(
                f"shot {question.number} of the trailer has {len(question.answers)} answers:"
                f" there is no number {by_hand} (0 is black)"
            )
        candidates = tuple(
            Candidate(answer.shot, answer.fingerprint, answer.score, answer.end_s - answer.start_s)
            for answer in question.answers
        )
        asked.append(
            Asked(
                question.end_s - question.start_s,
                candidates,
                None if by_hand is None else by_hand - 1,
            )
        )
        places.append(place)
    chosen = dict(zip(places, assign(asked, terms), strict=True))
    return tuple(
        replace(question, chosen=0 if (one := chosen.get(place)) is None else one + 1)
        for place, question in enumerate(questions)
    )


def assign(asked: Sequence[Asked], terms: Terms) -> tuple[int | None, ...]:
    """Choose for each shot one of its candidates, by place; None where there is none to choose.

    The same for the same shots, in whatever order their candidates come.
    """
    board = _Board(asked, terms)
    results = [
        board.improved(begun) for begun in (board.assigned(), board.greedy()) if begun is not None
    ]
    best = max(results, key=board.value)  # of two as good the first
    return tuple(board.place(shot, option) for shot, option in enumerate(best))


def greedy(asked: Sequence[Asked], terms: Terms) -> tuple[int | None, ...]:
    """Choose shot by shot, in order, what is best then; what `assign` must never be worse than."""
    board = _Board(asked, terms)
    return tuple(board.place(shot, option) for shot, option in enumerate(board.greedy()))


def value(asked: Sequence[Asked], chosen: Sequence[int | None], terms: Terms) -> float:
    """Judge an assignment as a whole: the more, the better."""
    board = _Board(asked, terms)
    return board.value([board.option(shot, place) for shot, place in enumerate(chosen)])


_Chosen = list[int]  # for each shot one of its options, or none
_NONE = -1


class _Board:
    """An assignment's shots with their options in one order, and what each choice is worth."""

    def __init__(self, asked: Sequence[Asked], terms: Terms) -> None:
        self._terms = terms
        self._weights = [shot.weight for shot in asked]
        self._heavy = np.array(self._weights, np.float64)
        self._fixed = [shot.fixed is not None for shot in asked]
        self._places: list[list[int]] = []
        self._options: list[list[Candidate]] = []
        for shot in asked:
            places = _open(shot, terms)
            worth = [_worth(shot, shot.candidates[place], terms) for place in places]
            order = sorted(range(len(places)), key=lambda n, of=worth: _order(of[n]))  # type: ignore[misc]
            self._places.append([places[n] for n in order])
            self._options.append([worth[n] for n in order])

    def place(self, shot: int, option: int) -> int | None:
        """Return an option's place among the candidates as they were given."""
        return None if option == _NONE else self._places[shot][option]

    def option(self, shot: int, place: int | None) -> int:
        """Return the option at a place among the candidates."""
        return _NONE if place is None else self._places[shot].index(place)

    # -- two ways to begin ------------------------------------------------------------------

    def greedy(self) -> _Chosen:
        """Choose shot by shot what is worth most beside those before."""
        chosen = [0 if self._fixed[shot] else _NONE for shot in range(len(self._options))]
        state = _State(self, chosen)
        for shot, options in enumerate(self._options):
            if options and not self._fixed[shot]:
                gains = [state.worth(shot, option) for option in range(len(options))]
                state.set(shot, gains.index(max(gains)))
        return state.chosen

    def assigned(self) -> _Chosen | None:
        """Solve the assignment without neighbours: an archive shot's second use has its price.

        Jonker and Volgenant's algorithm on the candidates alone. Each shot of the trailer has a
        column of its own, too, for when all its candidates are taken.
        """
        rows = [n for n, options in enumerate(self._options) if options]
        if not rows:
            return None
        used = {self._options[n][0].shot for n in rows if self._fixed[n]}
        names = sorted({option.shot for n in rows for option in self._options[n]})
        columns = {name: place for place, name in enumerate(names)}
        triples: list[tuple[int, int, float]] = []
        for row, n in enumerate(rows):
            weight, options = self._weights[n], self._options[n]
            overflow = _COPIES * len(names) + row
            price = weight * self._terms.repeat
            triples.append((row, overflow, weight * -options[0].score + price * (_COPIES + 1)))
            if self._fixed[n]:
                continue
            for option in options:
                uses = int(option.shot in used)
                for copy in range(_COPIES):
                    cost = price * (copy + uses) - weight * option.score
                    triples.append((row, copy * len(names) + columns[option.shot], cost))
        across, down, costs = map(np.array, zip(*triples, strict=True))
        shape = (len(rows), _COPIES * len(names) + len(rows))
        # costs of zero would be no edges
        graph = csr_array((costs - costs.min() + 1.0, (across, down)), shape)
        matched = min_weight_full_bipartite_matching(graph)[1]
        chosen = [_NONE] * len(self._options)
        for n, column in zip(rows, matched.tolist(), strict=True):
            if column >= _COPIES * len(names):
                chosen[n] = 0
                continue
            name = names[column % len(names)]
            chosen[n] = next(k for k, option in enumerate(self._options[n]) if option.shot == name)
        return chosen

    # -- what it is worth -------------------------------------------------------------------

    def value(self, chosen: _Chosen) -> float:
        """Add up likeness and prices of a whole assignment."""
        likeness = sum(
            self._weights[shot] * self._options[shot][option].score
            for shot, option in enumerate(chosen)
            if option != _NONE
        )
        uses: dict[int, list[int]] = {}
        for shot, option in enumerate(chosen):
            if option != _NONE:
                uses.setdefault(self._options[shot][option].shot, []).append(shot)
        again = sum(
            self.again(first, later)
            for shots in uses.values()
            for place, first in enumerate(shots)
            for later in shots[place + 1 :]
        )
        taken = [
            (n, self._options[n][option]) for n, option in enumerate(chosen) if option != _NONE
        ]
        beside = sum(self.beside(one, other) for one, other in pairwise(taken))
        return likeness - again + beside

    def again(self, first: int, later: int) -> float:
        """Price two shots that show the same: dearer for those that count more, and close by.

        So neither of the two could be had for less elsewhere, whichever counts for more.
        """
        weight = max(self._weights[first], self._weights[later])
        return self._terms.repeat * weight * (1 + NEAR / abs(later - first))

    def against(self, shot: int) -> NDArray[np.float64]:
        """Price a shot with each other one, (shots,), if they showed the same; 0 with itself."""
        apart = np.abs(np.arange(len(self._heavy)) - shot).astype(np.float64)
        apart[shot] = np.inf
        heavier = np.maximum(self._heavy, self._heavy[shot])
        prices = np.asarray(self._terms.repeat * heavier * (1 + NEAR / apart), np.float64)
        prices[shot] = 0.0
        return prices

    def beside(self, one: tuple[int, Candidate], other: tuple[int, Candidate]) -> float:
        """Price two shots that follow each other."""
        terms = self._terms
        same = one[1].film == other[1].film
        if not same or terms.neighbours is Neighbours.FREE:
            return 0.0
        price = self._price_beside(one[0], other[0])
        if terms.neighbours is Neighbours.APART:
            return -price
        return price if one[1].shot != other[1].shot else 0.0

    def most_beside(self, one: int, other: int) -> float:
        """The most that `beside` can be for two shots."""
        is_won = self._terms.neighbours is Neighbours.TOGETHER
        return self._price_beside(one, other) if is_won else 0.0

    def _price_beside(self, one: int, other: int) -> float:
        return self._terms.neighbour * math.sqrt(self._weights[one] * self._weights[other])

    def weight(self, shot: int) -> float:
        """How much a shot counts."""
        return self._weights[shot]

    def options(self, shot: int) -> Sequence[Candidate]:
        """What may answer a shot, best first."""
        return self._options[shot]

    # -- improving --------------------------------------------------------------------------

    def improved(self, chosen: _Chosen) -> _Chosen:
        """Change one shot, or two for each other, as long as that is worth more."""
        state = _State(self, list(chosen))
        movable = [n for n, options in enumerate(self._options) if options and not self._fixed[n]]
        for _ in range(ROUNDS):
            moved = [self._move(state, shot) for shot in movable]
            swapped = [self._swap(state, shot) for shot in movable]
            if not any(moved) and not any(swapped):
                break
        # what was swapped last may leave something free: what remains is the best for each shot
        moved = [True]
        while any(moved):
            moved = [self._move(state, shot) for shot in movable]
        return state.chosen

    def _move(self, state: "_State", shot: int) -> bool:
        """Give a shot what is worth most for it as the others are."""
        best, most = state.chosen[shot], state.worth(shot, state.chosen[shot]) + _MORE
        weight, beside = self.weight(shot), state.most_beside(shot)
        for option, candidate in enumerate(self._options[shot]):
            if weight * candidate.score + beside < most:
                break  # the rest is less like, and at best costs nothing
            worth = state.worth(shot, option)
            if worth > most:
                best, most = option, worth
        if best == state.chosen[shot]:
            return False
        state.set(shot, best)
        return True

    def _swap(self, state: "_State", shot: int) -> bool:
        """Take what another shot has, and give it what this one had or what is best for it then."""
        for option, candidate in enumerate(self._options[shot]):
            if option == state.chosen[shot]:
                continue
            holders = [n for n in state.users(candidate.shot) if n != shot and not self._fixed[n]]
            if len(holders) == 1 and self._exchange(state, shot, option, holders[0]):
                return True
        return False

    def _exchange(self, state: "_State", shot: int, option: int, other: int) -> bool:
        had, others = state.chosen[shot], state.chosen[other]
        before = state.worth(shot, had) + state.worth(other, others, (shot, _NONE))
        taken = state.worth(shot, option, (other, _NONE))
        best, most = others, before - taken + _MORE
        for place, candidate in enumerate(self._options[other]):
            if self.weight(other) * candidate.score + state.most_beside(other) < most:
                break
            worth = state.worth(other, place, (shot, option))
            if worth > most:
                best, most = place, worth
        if best == others:
            return False
        state.set(other, best)
        state.set(shot, option)
        return True


class _State:
    """An assignment in work: who uses which archive shot."""

    def __init__(self, board: _Board, chosen: _Chosen) -> None:
        self._board = board
        self.chosen = [_NONE] * len(chosen)
        self._users: dict[int, set[int]] = {}
        self._dear: dict[int, NDArray[np.float64]] = {}  # what a shot's users make it cost others
        # shots with nothing to choose are black and part nobody
        order = [n for n in range(len(chosen)) if board.options(n)]
        self._near: dict[int, list[int]] = {n: [] for n in order}
        for one, other in pairwise(order):
            self._near[one].append(other)
            self._near[other].append(one)
        self._most_beside = {
            n: sum(board.most_beside(n, beside) for beside in near)
            for n, near in self._near.items()
        }
        for shot, option in enumerate(chosen):
            self.set(shot, option)

    def users(self, name: int) -> Sequence[int]:
        """Which shots show an archive shot, in order."""
        return sorted(self._users.get(name, ()))

    def set(self, shot: int, option: int) -> None:
        """Choose an option for a shot, or none."""
        if self.chosen[shot] != _NONE:
            self._leave(shot, self._board.options(shot)[self.chosen[shot]].shot)
        self.chosen[shot] = option
        if option != _NONE:
            self._join(shot, self._board.options(shot)[option].shot)

    def _join(self, shot: int, name: int) -> None:
        self._users.setdefault(name, set()).add(shot)
        against = self._board.against(shot)
        dear = self._dear.get(name)
        self._dear[name] = against if dear is None else dear + against

    def _leave(self, shot: int, name: int) -> None:
        self._users[name].discard(shot)
        if self._users[name]:
            self._dear[name] = self._dear[name] - self._board.against(shot)
        else:
            del self._users[name], self._dear[name]

    def worth(self, shot: int, option: int, if_: tuple[int, int] | None = None) -> float:
        """What all that depends on a shot is worth with an option, the others being as they are.

        Or as they would be `if_` one of them had another option, or none.
        """
        if option == _NONE:
            return 0.0
        board, candidate = self._board, self._board.options(shot)[option]
        worth = board.weight(shot) * candidate.score
        dear = self._dear.get(candidate.shot)
        if dear is not None:
            worth -= float(dear[shot])
        if if_ is not None:
            is_so = candidate.shot == self._name(if_[0], self.chosen[if_[0]])
            would_be = candidate.shot == self._name(*if_)
            if is_so != would_be:
                worth += board.again(if_[0], shot) * (1 if is_so else -1)
        for beside in self._near[shot]:
            has = self.chosen[beside] if if_ is None or beside != if_[0] else if_[1]
            if has != _NONE:
                other = board.options(beside)[has]
                worth += board.beside((shot, candidate), (beside, other))
        return worth

    def _name(self, shot: int, option: int) -> int | None:
        return None if option == _NONE else self._board.options(shot)[option].shot

    def most_beside(self, shot: int) -> float:
        """The most that the neighbours of a shot can be worth to it."""
        return self._most_beside[shot]


def _open(shot: Asked, terms: Terms) -> list[int]:
    """Which candidates may be chosen: the fixed one, or all that are like enough."""
    if shot.fixed is not None:
        return [shot.fixed]
    return [n for n, one in enumerate(shot.candidates) if one.score >= terms.radius]


def _worth(shot: Asked, candidate: Candidate, terms: Terms) -> Candidate:
    """Count a candidate that does not last as long as its shot as less like."""
    lasts = candidate.lasts_s / (terms.slowest * max(shot.length_s, SHORTEST_S))
    return replace(candidate, score=candidate.score - terms.brief * max(0.0, 1.0 - lasts))


def _order(candidate: Candidate) -> tuple[float, str, int]:
    return -candidate.score, candidate.film, candidate.shot
