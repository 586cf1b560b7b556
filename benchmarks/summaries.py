"""`kabar bench summaries`: our summaries and those of other methods, compared with summaries that a person wrote.

The articles are those of tests/stories/articles/pages, whose authors wrote a summary of each.
ROUGE-1, -2 and -L are F-measures of
shared words, pairs of words, and the longest common sequence (rouge-score). TextRank, LSA and LexRank are sumy's, three
sentences each. Methods that are not installed are left out, with a message.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.stories.reading.summaries import LIMIT, paragraphs_of, sentences_of, summary_of, without_dateline

ARTICLES = Path(__file__).resolve().parent.parent / "tests" / "stories" / "articles" / "pages"
SENTENCES = 3
MEASURES = ("rouge1", "rouge2", "rougeL")


def lead(body: list[str]) -> str:
    """The first three sentences, unchanged."""
    return " ".join(_sentences(body)[:SENTENCES])


def first_paragraph(body: list[str]) -> str:
    return body[0]


def cut(body: list[str]) -> str:
    """As many feed generators do: the first LIMIT characters and an ellipsis."""
    return " ".join(body)[:LIMIT] + "…"


def ours(body: list[str]) -> str:
    return summary_of("\n".join(body))


def lead_without_limit(body: list[str]) -> str:
    return summary_of("\n".join(body), limit=10_000)


def _sentences(body: list[str]) -> list[str]:
    return [sentence for paragraph in body for sentence in sentences_of(paragraph)]


class _Words:
    """The tokenizer interface of sumy."""

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        return tuple(sentences_of(without_dateline(paragraph)))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(word.strip(".,!?\"'()“”").lower() for word in sentence.split())


def sumys() -> Iterator[tuple[str, Callable[[list[str]], str]]]:
    try:
        parsers = import_module("sumy.parsers.plaintext")
        methods = {
            "TextRank": import_module("sumy.summarizers.text_rank").TextRankSummarizer(),
            "LSA": import_module("sumy.summarizers.lsa").LsaSummarizer(),
            "LexRank": import_module("sumy.summarizers.lex_rank").LexRankSummarizer(),
        }
    except ImportError:
        print("sumy is not installed: TextRank, LSA and LexRank are left out", file=sys.stderr)
        return

    def chosen_by(method: Any) -> Callable[[list[str]], str]:
        def choose(body: list[str]) -> str:
            parser = parsers.PlaintextParser("\n\n".join(paragraphs_of("\n".join(body))), _Words())
            return " ".join(str(sentence) for sentence in method(parser.document, SENTENCES))

        return choose

    for name, method in methods.items():
        yield name, chosen_by(method)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="kabar bench summaries")
    parser.add_argument("--articles", type=Path, default=ARTICLES, help="JSON files with `body`, a list, and `summary`")
    given = parser.parse_args(arguments)
    try:
        scorer = import_module("rouge_score.rouge_scorer").RougeScorer(list(MEASURES))
    except ImportError:
        sys.exit("rouge-score is not installed: pip install --group peers")
    articles = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(given.articles.glob("*.json"))]
    methods = {"kabar": ours, "kabar, any length": lead_without_limit, "lead-3": lead}
    methods |= {"first paragraph": first_paragraph, f"cut at {LIMIT}": cut, **dict(sumys())}
    print(f"{len(articles)} articles\n{'':<20}{'ROUGE-1':>9}{'ROUGE-2':>9}{'ROUGE-L':>9}{'characters':>12}")
    for name, method in methods.items():
        made = [method(article["body"]) for article in articles]
        scores = [scorer.score(article["summary"], summary) for article, summary in zip(articles, made, strict=True)]
        figures = [100 * statistics.mean(score[measure].fmeasure for score in scores) for measure in MEASURES]
        length = statistics.mean(map(len, made))
        print(f"{name:<20}" + "".join(f"{figure:>9.1f}" for figure in figures) + f"{length:>12.0f}")
