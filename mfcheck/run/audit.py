"""The audit of assumptions: can they be met, each alone and all of a claim together, where its claims speak?

Nothing that a paper states is believed: a witness counts once the predicates accept the setting restored from its
plain data, a proof once its certificate and its identities have been checked again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mfcheck import verify
from mfcheck.checks.identity import identities
from mfcheck.claims.audit import AuditRecord
from mfcheck.claims.model import Answer, Assumption, Budget, Claim, Context, Paper, Proof, Regime
from mfcheck.claims.setting import Setting
from mfcheck.claims.verdict import Kind
from mfcheck.errors import InputError
from mfcheck.rigor.certificate import dumps
from mfcheck.run.tasks import named_activation

TRIES = 8
"""Random settings of each assumption that are tried where no other witness is known."""

Ids = tuple[str, ...]


@dataclass(frozen=True)
class Audited:
    """One answer, with the certificate of its proof."""

    record: AuditRecord
    certificate: dict[str, Any] | None = None


def regimes(claims: Sequence[Claim]) -> dict[str, Regime]:
    """Return the regimes of all claims that name assumptions, by id, in the order of the paper."""
    found = [g for c in claims if c.assumptions for reading in c.readings for g in reading.regimes]
    return {regime.id: regime for regime in found}


def questions(paper: Paper, regime: Regime) -> dict[Ids, tuple[bool, tuple[str, ...]]]:
    """Return the sets of assumptions to audit in a regime, each with whether it is joint, and its claims.

    A set is joint if it is all that a claim assumes; every other one is a single assumption of such a claim.
    """
    here = [c for c in paper.claims if regime.id in regimes([c])]
    order = [assumption.id for assumption in paper.assumptions]
    whole: dict[Ids, list[str]] = {}
    alone: dict[Ids, list[str]] = {}
    for claim in here:
        ids = tuple(id for id in order if id in claim.assumptions)
        whole.setdefault(ids, []).append(claim.id)
        for id in ids:
            alone.setdefault((id,), []).append(claim.id)
    found = {ids: (False, tuple(alone[ids])) for ids in [(id,) for id in order if (id,) in alone]}
    return found | {ids: (True, tuple(claims)) for ids, claims in whole.items()}


def audit(paper: Paper, regime: Regime, setting: Setting, seed: int) -> list[Audited]:
    """Return the answers for one regime.

    Args:
        paper: whose claims speak about the regime.
        regime: one of `regimes(paper.claims)`.
        setting: under review; regimes may depend on it, and it is the first witness that is tried.
        seed: of the random settings that are tried.
    """
    search = _Search(paper, regime, setting, seed)
    asked = questions(paper, regime).items()
    return [search.answer(ids, joint, claims) for ids, (joint, claims) in asked]


def rejection(proof: Proof) -> str:
    """Return why a proof does not count, or nothing if all that it rests on was proved again."""
    if proof.certificate is not None:
        verdict = verify.verify(dumps(proof.certificate))
        if verdict.status != "accepted":
            return f"its certificate is {verdict.status}: {verdict.reason}"
    if proof.identities:
        found = identities(proof.identities, "")
        if found.passed is not True:
            return f"its identities are not proved: {found.reason}"
    return ""


@dataclass
class _Search:
    """Everything that the questions of one regime share."""

    paper: Paper
    regime: Regime
    setting: Setting
    seed: int
    known: dict[tuple[str, Setting], Answer] = field(default_factory=dict)
    proofs: dict[str, tuple[Proof | None, str]] = field(default_factory=dict)

    def answer(self, ids: Ids, joint: bool, claims: tuple[str, ...]) -> Audited:
        """Return the answer for one set of assumptions."""
        found = self._decide(ids)
        proof: Proof | None = found.pop("proof", None)
        record = AuditRecord(
            id=".".join([self.regime.id, *ids]),
            regime=self.regime.id,
            text=self.regime.text,
            index=self.regime.index,
            assumptions=ids,
            claims=claims,
            joint=joint,
            evidence=self.paper.check_ids(self.regime.checks),
            **found,
        )
        return Audited(record, None if proof is None else proof.certificate)

    def _decide(self, ids: Ids) -> dict[str, Any]:
        met, why = self._witnesses(ids)
        shared: dict[str, Any] = {"met_at": tuple(met) if self.regime.index else ()}
        if met:
            shared["setting"] = list(met.values())[-1].describe()
        empty, no_empty = self._proof("empty")
        if empty is not None and set(empty.assumptions) <= set(ids):
            return shared | self._empty(empty, met)
        if met and (not self.regime.index or self._constant(ids, met)):
            return shared | {
                "answer": "witness",
                "kind": Kind.CERTIFIED,
                "reason": self._said(ids, met),
            }
        no_every = ""
        if met and len(met) == len(self.regime.indices):
            every, no_every = self._proof("every")
            if every is not None and set(self._changing(ids)) <= set(every.assumptions):
                reason = f"{every.text}; {self._said(ids, met)}"
                found = {"answer": "witness", "kind": every.kind, "reason": reason, "proof": every}
                return shared | found
        return shared | {
            "answer": "unknown",
            "kind": None,
            "reason": self._unknown(met, why, no_empty, no_every),
        }

    # --- proofs --------------------------------------------------------------------------------------------------

    def _proof(self, which: str) -> tuple[Proof | None, str]:
        """Return the proof that the regime states, None with the reason if there is none that counts."""
        if which not in self.proofs:
            self.proofs[which] = self._checked(which)
        return self.proofs[which]

    def _checked(self, which: str) -> tuple[Proof | None, str]:
        make = self.regime.empty if which == "empty" else self.regime.every
        if make is None:
            return None, ""
        try:
            proof = make(self.setting)
        except InputError as error:
            return None, str(error)
        why = "" if proof is None else rejection(proof)
        return (None, f"a proof does not count: {why}") if why else (proof, "")

    def _empty(self, proof: Proof, met: Mapping[int, Setting]) -> dict[str, Any]:
        against = [i for i in met if not self.regime.index or i > (proof.beyond or 0)]
        if against:
            reason = f"a defect: a setting meets what was proved impossible ({proof.text})"
            return {"answer": "unknown", "kind": None, "reason": reason, "defect": True}
        found = {"answer": "none", "kind": proof.kind, "reason": proof.text, "proof": proof}
        return found | ({"beyond": proof.beyond} if self.regime.index else {})

    # --- witnesses -----------------------------------------------------------------------------------------------

    def _witnesses(self, ids: Ids) -> tuple[dict[int, Setting], str]:
        """Return a witness for each index that has one, and reasons against the first candidates."""
        met: dict[int, Setting] = {}
        reasons: list[str] = []
        for index in self.regime.indices if self.regime.index else (0,):
            for candidate, error in self._candidates(ids, index):
                why = error if candidate is None else self._against(ids, candidate)
                if candidate is not None and not why:
                    met[index] = candidate
                    break
                reasons.append(why)
        return met, "; ".join(list(dict.fromkeys(reasons))[:2])

    def _candidates(self, ids: Ids, index: int) -> Iterator[tuple[Setting | None, str]]:
        """Yield settings to try, restored from their plain data; None with the reason where none could be made."""
        if not self.regime.index:
            yield self.setting, ""
        if self.regime.witness is not None:
            try:
                yield self._restored(self.regime.witness(self.setting, index)), ""
            except InputError as error:
                yield None, str(error)
        if not self.regime.index:
            yield self.paper.default, ""
            for id in ids:
                context = Context(self.setting, Budget.QUICK, self.seed, f"{self.regime.id}:{id}")
                rng = context.rng()
                for _ in range(TRIES):
                    yield self._restored(self._assumption(id).generate(rng)), ""

    def _restored(self, setting: Setting) -> Setting:
        activation = named_activation(self.paper, setting.activation.name)
        return Setting.restore(setting.describe(), activation)

    def _against(self, ids: Ids, candidate: Setting) -> str:
        """Return why a candidate is no witness, or nothing if it is one."""
        try:
            for parameter in self.paper.parameters:
                parameter.require(candidate[parameter.name])
            self.paper.validate(candidate)
        except InputError as error:
            return str(error)
        for id in ids:
            if id in self.regime.lawlike:
                return f"{id} speaks of a law, which no one setting can show"
            answer = self._judged(id, candidate)
            if answer.met is not True:
                return f"{id}: {answer.reason or 'not met'}"
        own = None if self.regime.holds is None else self.regime.holds(self.setting, candidate)
        return "" if own is None or own.met is True else own.reason or "outside of the regime"

    def _judged(self, id: str, candidate: Setting) -> Answer:
        key = (id, candidate)
        if key not in self.known:
            self.known[key] = self._assumption(id).holds(candidate)
        return self.known[key]

    def _assumption(self, id: str) -> Assumption:
        return next(a for a in self.paper.assumptions if a.id == id)

    # --- every index ---------------------------------------------------------------------------------------------

    def _changing(self, ids: Ids) -> list[str]:
        """Return the assumptions that may read what changes with the index."""
        reads = {id: self._assumption(id).reads for id in ids}
        varies = set(self.regime.varies)
        return [id for id, parts in reads.items() if parts is None or varies & set(parts)]

    def _constant(self, ids: Ids, met: Mapping[int, Setting]) -> bool:
        """Whether one witness serves for every index: nothing that is asked reads what the index changes."""
        asked = self.regime.holds is not None or self._changing(ids)
        if asked or len(met) < max(2, len(self.regime.indices)):
            return False
        return len({_kept(setting, self.regime.varies) for setting in met.values()}) == 1

    # --- words ---------------------------------------------------------------------------------------------------

    def _said(self, ids: Ids, met: Mapping[int, Setting]) -> str:
        index, last = list(met.items())[-1]
        reasons = [self._judged(id, last).reason for id in ids]
        if self.regime.holds is not None:
            reasons.append(self.regime.holds(self.setting, last).reason)
        said = "; ".join(reason for reason in reasons if reason)
        if not self.regime.index:
            return said
        at = f"at ${self.regime.index} = {index}$: {said}" if said else ""
        serves = f"what is asked does not read what changes with ${self.regime.index}$"
        return "; ".join(filter(None, [at, "" if self._changing(ids) else serves]))

    def _unknown(self, met: Mapping[int, Setting], *why: str) -> str:
        index = self.regime.index
        if index and met:
            said = f"met at ${index} = {', '.join(map(str, met))}$, which says nothing of every ${index}$"
        else:
            said = "no setting was found that meets them"
        return "; ".join(filter(None, [said, *why]))


def _kept(setting: Setting, varies: Ids) -> tuple[Any, ...]:
    """Return the parts of a setting that do not vary."""
    parts = {
        "points": setting.data.points,
        "labels": setting.data.labels,
        "activation": setting.activation,
        **dict(setting.values),
    }
    return tuple(part for name, part in parts.items() if name not in varies)
