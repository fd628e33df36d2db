"""What the kernel raises into a notebook.

Signal (BaseException: `except Exception` cannot swallow it)
├── NotebookExit            dbutils.notebook.exit
└── PythonRestart           dbutils.library.restartPython
NotEmulated                 the platform has it, a laptop does not; an AttributeError, so that `hasattr` says no
InputWidgetNotDefined       the platform's error for an unknown widget
InvalidWidgetValue          a default or a parameter outside the choices
WorkflowException           dbutils.notebook.run: the child failed
TaskValueError              jobs.taskValues refused
SecretNotFound              no such scope or key
FileError                   dbutils.fs refused
MagicError                  a magic cell is wrong
RunnerGone                  the runner died
"""

from __future__ import annotations


class Signal(BaseException):
    """Ends a cell without being an error."""


class NotebookExit(Signal):
    """Carries the exit value as text."""


class PythonRestart(Signal):
    """Asks for an empty namespace."""


class NotEmulated(AttributeError):
    """A part of the platform that does not exist on a laptop; the message names it."""

    is_user_mistake = True

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(f"`{name}` is not emulated on a laptop" + (f"; {hint}" if hint else ""))


class InputWidgetNotDefined(Exception):
    """No widget and no parameter of that name."""

    is_user_mistake = True


class InvalidWidgetValue(ValueError):
    """A widget's default or a parameter's value is not what the widget takes."""

    is_user_mistake = True


class WorkflowException(Exception):
    """The notebook that `dbutils.notebook.run` started did not succeed."""


class TaskValueError(ValueError):
    """A task value cannot be set or found."""

    is_user_mistake = True


class SecretNotFound(LookupError):
    """The scope or key has no secret."""

    is_user_mistake = True


class FileError(OSError):
    """A path that `dbutils.fs` cannot use."""


class MagicError(Exception):
    """A magic cell asks for something that cannot be done."""

    is_user_mistake = True


class RunnerGone(ConnectionError):
    """The process that started the notebook no longer answers."""
