"""The command beside this process: it asks over two pipes, this process answers."""

import os
import subprocess
import sys
import tempfile

from plumbline_client import answer_frames

from .command import plumbline


def run(arguments):
    """The exit status and the output of the command, which asks nothing."""
    done = subprocess.run([plumbline(), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


def converse(arguments, implementation, on_error):
    """The same of `plumbline verify`, whose questions the implementation answers here. What the implementation raises
    is an answer, and on_error hears of it; but what is no Exception (an interrupt, a test that is skipped or failed from
    within) ends the run and comes out of here."""
    answers, to_plumbline = os.pipe()
    from_plumbline, questions = os.pipe()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as troubles:
        process = subprocess.Popen(
            [plumbline(), *arguments, "--pipes", f"{answers},{questions}"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if sys.stderr is sys.__stderr__ and sys.stderr.isatty() else troubles,  # progress
            pass_fds=(answers, questions),
        )
        os.close(answers), os.close(questions)
        try:
            with os.fdopen(from_plumbline, "rb") as requests, os.fdopen(to_plumbline, "wb") as replies:
                try:
                    answer_frames(implementation, requests, replies, on_error)
                except (BrokenPipeError, EOFError):
                    pass  # it has ended, and says why
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        out.seek(0), troubles.seek(0)
        return process.returncode, out.read(), troubles.read()
