"""What Streamlit runs for every view."""

from __future__ import annotations


def main() -> None:
    # Imported here: the process that reads gold imports this file, too, and needs nothing of it.
    from apps.ab_results.frame import draw

    draw()


if __name__ == "__main__":
    main()
