from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.greetings import Statistics


class Greetings(exports.Greetings):
    def greet(self, name: str) -> str:
        return f"Hello, {name}!"

    def summary(self, numbers: list[float]) -> Statistics:
        if not numbers:
            raise Err("no numbers")
        return Statistics(len(numbers), sum(numbers) / len(numbers), max(numbers))
