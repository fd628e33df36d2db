"""IPython's shell with the notebook's own file and line numbers, and errors told once, to the runner too."""

from __future__ import annotations

import ast
import linecache
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell

from tideline.workspace.notebook.kernel.errors import Signal


class NotebookCompiler(XCachingCompiler):
    """Compiles a cell under the notebook's name, so that every line number is one of the notebook."""

    file, offset = "", 0

    def stand_at(self, file: str, line: int, text: str) -> None:
        """The next code is `text`, which begins at `line` of `file`; tracebacks show its lines."""
        self.file, self.offset = file, line - 1
        known = linecache.cache.get(file)
        lines = list(known[2]) if known is not None and len(known) == 4 else []
        own = [each + "\n" for each in text.split("\n")]
        lines += ["\n"] * (line - 1 + len(own) - len(lines))
        lines[line - 1 : line - 1 + len(own)] = own
        linecache.cache[file] = (len(lines), None, lines, file)

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        outer: Any = super()
        return self.file or str(outer.get_code_name(raw_code, transformed_code, number))

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        if not self.file:
            return str(super().cache(transformed_code, number, raw_code))
        self._filename_map[self.file] = number
        return self.file

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        try:
            tree: ast.AST = super().ast_parse(source, filename, symbol)
        except SyntaxError as error:
            if error.lineno is not None and filename == self.file:
                error.lineno += self.offset
            raise
        return ast.increment_lineno(tree, self.offset) if filename == self.file else tree


class NotebookShell(ZMQInteractiveShell):
    """Hands every error to the attempt, which decides whether it is one."""

    attempt: Any = None

    def showtraceback(self, exc_tuple: Any = None, *_: Any, **__: Any) -> None:
        self._tell(exc_tuple)

    def showsyntaxerror(self, *_: Any, **__: Any) -> None:
        self._tell(None)

    showindentationerror = showsyntaxerror

    def _tell(self, exc_tuple: Any) -> None:
        outer: Any = self
        kind, error, _trail = outer._get_exc_info(exc_tuple)
        lines = self.attempt.failed(error) if self.attempt is not None else [str(error)]
        if isinstance(error, Signal):
            self._last_traceback = []
            return
        outer._showtraceback(kind, error, lines)


class NotebookKernel(IPythonKernel):
    """A kernel with that shell."""

    shell_class = NotebookShell
    compiler_class = NotebookCompiler
