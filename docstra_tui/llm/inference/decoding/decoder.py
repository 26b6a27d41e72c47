"""A decoder of the usual kind, seen as its arithmetic: what its modules do to a few rows, and nothing else.

Llama, Mistral, Qwen, Granite and most others are one stack of the same layers. Which models are, is told by
what their modules are and not by their names, and whether this arithmetic is theirs, `lean` finds out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from docstra_tui.llm.inference.decoding import products
from docstra_tui.llm.inference.decoding.products import Product, Ways
from docstra_tui.llm.loading import int8

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Given a layer's number and its queries, keys and values of the new rows, (rows, heads, dimensions) each:
remembers keys and values, and gives what the rows saw, (rows, heads · dimensions)."""

LAYER = {"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"}
ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
NORMED = {"q_norm", "k_norm"}
MLP = {"gate_proj", "up_proj", "down_proj", "act_fn"}
STACK = {"embed_tokens", "layers", "norm", "rotary_emb"}
CHANGING = ("dynamic", "longrope")
"""Rotations that are other ones for a longer text: several texts have no table in common."""


class Unusual(Exception):
    """This model is of another kind; says why."""


class Norm:
    """A norm by the root of the mean square."""

    def __init__(self, module: nn.Module) -> None:
        weight = getattr(module, "weight", None)
        eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
        if not isinstance(weight, torch.Tensor) or not isinstance(eps, float):
            raise Unusual(f"its norm is a {type(module).__name__}")
        self.eps = eps
        self.weight = weight.detach()
        x = torch.linspace(-2, 3, weight.numel(), device=weight.device).view(1, -1).to(weight.dtype)
        right = module(x).float()
        if not _is_near(self(x), right):
            self.weight = 1 + weight.detach().float()  # of Gemma and its kin
            if not _is_near(self(x), right):
                raise Unusual(f"its {type(module).__name__} is none by the root of the mean square")

    @property
    def weight(self) -> torch.Tensor:
        """What is multiplied with last, one number for each of a row."""
        return self._weight

    @weight.setter
    def weight(self, value: torch.Tensor) -> None:
        self._weight = value
        self._doubled = torch.cat((value, value)) if value.device.type == "cpu" else value

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _normed(x, self._doubled, self.eps)

    def tensors(self) -> Iterator[torch.Tensor]:
        yield from (self._weight, self._doubled)


def _normed(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:
    """Divided by the root of the mean square; on a CPU the weight comes twice.

    Of a row and its negative the mean is 0 and the variance the mean square: a CPU has one kernel for that,
    where the norm by itself is a dozen small ones.
    """
    wide = x.shape[-1]
    if x.device.type != "cpu":
        return functional.rms_norm(x, (wide,), weight, eps).to(x.dtype)
    both = torch.cat((x, -x), -1)
    return torch.layer_norm(both, (2 * wide,), weight, None, eps)[..., :wide]


class Joint:
    """Linear layers that read the same: one product, their outputs side by side.

    Their weights become parts of one tensor, so nothing is held twice.
    """

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.modules = list(modules)
        self.weight: torch.Tensor | None = None
        """Of all of them; None where they are no plain ones, which are asked one after the other."""
        self._bias: torch.Tensor | None = None
        joined = int8.joined_of(modules)
        self._product: Product = self._apart if joined is None else joined
        if (
            all(type(module) is nn.Linear for module in modules)
            and len({m.weight.dtype for m in modules}) == 1
        ):
            self._join(modules)

    def _join(self, modules: Sequence[nn.Module]) -> None:
        weights = [_tensor(module.weight) for module in modules]
        if len(weights) == 1:
            self.weight = weights[0].detach()
        else:
            self.weight = torch.cat([weight.detach() for weight in weights])
            for weight, part in zip(weights, self.weight.split([len(w) for w in weights]), strict=True):
                weight.data = part
        if any(module.bias is not None for module in modules):
            assert self.weight is not None
            parts = [
                _tensor(m.bias).detach() if m.bias is not None else self.weight.new_zeros(len(w))
                for m, w in zip(modules, weights, strict=True)
            ]
            self._bias = torch.cat(parts)

    def make(self, ways: Ways) -> None:
        """Multiply these ways from now on."""
        if self.weight is not None:
            self._product = products.made(self.weight, self._bias, ways)

    def tensors(self) -> Iterator[torch.Tensor]:
        yield from (one for one in (self.weight, self._bias) if one is not None)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self._product(x)

    def _apart(self, x: torch.Tensor) -> torch.Tensor:
        parts = [module(x) for module in self.modules]
        return parts[0] if len(parts) == 1 else torch.cat(parts, -1)


@dataclass
class Layer:
    """One decoder layer."""

    before_attention: Norm
    attention: Joint
    """To queries, keys and values."""
    head_norm: tuple[torch.Tensor, float] | None
    """Of queries and keys: a weight for each head, and what is added below the root."""
    out: Joint
    before_mlp: Norm
    up: Joint
    """The gate first."""
    down: Joint
    activation: Callable[[torch.Tensor], torch.Tensor]
    heads: int
    groups: int
    wide: int
    """Numbers of a head."""
    rotates: bool
    share: float
    """What a part is multiplied with before it is added."""

    @property
    def joints(self) -> tuple[Joint, ...]:
        return self.attention, self.out, self.up, self.down

    def __call__(
        self,
        x: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        attend: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    ) -> torch.Tensor:
        heads, groups = self.heads, self.groups
        mixed = self.attention(self.before_attention(x)).view(x.shape[0], heads + 2 * groups, self.wide)
        turned = mixed[:, : heads + groups]
        if self.head_norm is not None:
            weight, eps = self.head_norm
            turned = (_normed(turned, None, eps) * weight).to(x.dtype)
        if self.rotates:
            turned = torch.addcmul(turned * cos, turned.roll(self.wide // 2, -1), sin)
        seen = self.out(attend(turned[:, :heads], turned[:, heads:], mixed[:, heads + groups :]))
        x = x + (seen if self.share == 1 else seen * self.share)
        gate, up = self.up(self.before_mlp(x)).chunk(2, -1)
        added = self.down(self.activation(gate) * up)
        return x + (added if self.share == 1 else added * self.share)


class Decoder:
    """The whole stack, from ids to logits."""

    def __init__(self, model: Any) -> None:
        """Raises `Unusual` for a model of another kind."""
        stack = model.get_decoder()
        _expect("decoder", stack, STACK)
        if len({p.device for p in model.parameters()}) != 1:
            raise Unusual("it is spread over several devices")
        if any(hasattr(module, "_hf_hook") for module in model.modules()):
            raise Unusual("its weights move while it works")
        self._embed = stack.embed_tokens
        self.device: torch.device = self._embed.weight.device
        self.dtype: torch.dtype = self._embed.weight.dtype
        self._embedded = float(getattr(stack, "embedding_multiplier", 1.0))
        self._rotary = stack.rotary_emb
        if getattr(self._rotary, "rope_type", "") in CHANGING or not hasattr(self._rotary, "inv_freq"):
            raise Unusual("its rotation depends on the length of the text")
        self.layers = [_layer(layer) for layer in stack.layers]
        self._norm = Norm(stack.norm)
        head = model.get_output_embeddings()
        if head is None:
            raise Unusual("it has no output layer")
        self.head = Joint([head])
        self._divided = float(getattr(model.config.get_text_config(), "logits_scaling", 1.0))
        scales = {float(layer.self_attn.scaling) for layer in stack.layers}
        if len(scales) != 1:
            raise Unusual("its layers attend differently")
        (self.scale,) = scales

    def __call__(self, ids: torch.Tensor, places: torch.Tensor, attend: Attend) -> torch.Tensor:
        """The logits behind each of some new ids that stand at `places`: (rows, vocabulary)."""
        x = self._embed(ids)
        if self._embedded != 1:
            x = x * self._embedded
        cos, sin = (table.transpose(0, 1) for table in self._rotary(x[None], places[None]))
        half = sin.shape[-1] // 2
        sin = torch.cat((-sin[..., :half], sin[..., half:]), -1)
        for number, layer in enumerate(self.layers):
            x = layer(x, cos, sin, functools.partial(attend, number))
        logits = self.head(self._norm(x))
        return logits if self._divided == 1 else logits / self._divided

    def tensors(self) -> Iterator[torch.Tensor]:
        """Its weights, which may be moved by setting their `data`."""
        yield from self._norm.tensors()
        yield from self.head.tensors()
        for layer in self.layers:
            yield from (*layer.before_attention.tensors(), *layer.before_mlp.tensors())
            for joint in layer.joints:
                yield from joint.tensors()
            if layer.head_norm is not None:
                yield layer.head_norm[0]

    def choose(self, free_bytes: int) -> str:
        """Find the quickest products here, of which copies may take `free_bytes`; what was chosen."""
        head = self.head.weight
        body = [j.weight for layer in self.layers for j in layer.joints if j.weight is not None]
        told = []
        if body:
            ways = products.choose("layers", body, free_bytes)
            told.append(f"{ways.one} {ways.several}")
            if ways.copies:
                free_bytes -= sum(weight.numel() * weight.element_size() for weight in body)
            for layer in self.layers:
                for joint in layer.joints:
                    joint.make(ways)
        if head is not None:
            ways = products.choose("head", [head], free_bytes)
            told.append(f"{ways.one} {ways.several}")
            self.head.make(ways)
        return " ".join(told)


def _layer(layer: Any) -> Layer:
    attention, mlp = layer.self_attn if hasattr(layer, "self_attn") else None, getattr(layer, "mlp", None)
    _expect("layer", layer, LAYER)
    assert attention is not None and mlp is not None
    _expect("attention", attention, ATTENTION, NORMED)
    _expect("mlp", mlp, MLP)
    wide = int(attention.head_dim)
    heads, groups = (int(module.out_features) // wide for module in (attention.q_proj, attention.k_proj))
    return Layer(
        before_attention=Norm(layer.input_layernorm),
        attention=Joint([attention.q_proj, attention.k_proj, attention.v_proj]),
        head_norm=_head_norm(attention, heads, groups) if hasattr(attention, "q_norm") else None,
        out=Joint([attention.o_proj]),
        before_mlp=Norm(layer.post_attention_layernorm),
        up=Joint([mlp.gate_proj, mlp.up_proj]),
        down=Joint([mlp.down_proj]),
        activation=_activation(mlp.act_fn),
        heads=heads,
        groups=groups,
        wide=wide,
        rotates=bool(getattr(attention, "use_rope", True)),
        share=float(getattr(layer, "residual_multiplier", 1.0)),
    )


def _expect(what: str, module: Any, parts: set[str], more: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Raise `Unusual` unless these are exactly the parts of `module`, with or without `more`."""
    found = {name for name, _ in module.named_children()}
    if found not in (parts, parts | more):
        odd = ", ".join(sorted(found ^ parts)) or "nothing"
        raise Unusual(f"its {what} differs by {odd}")


def _head_norm(attention: Any, heads: int, groups: int) -> tuple[torch.Tensor, float]:
    norms = [Norm(attention.q_norm), Norm(attention.k_norm)]
    if (
        any(norm.weight.shape != (int(attention.head_dim),) for norm in norms)
        or len({n.eps for n in norms}) != 1
    ):
        raise Unusual("it has a norm of all heads together")
    weights = [norms[0].weight.expand(heads, -1), norms[1].weight.expand(groups, -1)]
    return torch.cat(weights), norms[0].eps


def _activation(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    x = torch.linspace(-4, 4, 64)
    return functional.silu if torch.equal(module(x), functional.silu(x)) else module


def _tensor(value: Any) -> torch.Tensor:
    assert isinstance(value, torch.Tensor)
    return value


def _is_near(one: torch.Tensor, right: torch.Tensor) -> bool:
    return bool(torch.allclose(one.float(), right, rtol=2e-2, atol=1e-3))
