"""Stub by the lead so that the core can run meanwhile: overwrite this file freely."""


class E:
    def to_dict(self):
        return {}

    def requirements(self):
        return ""


def capture():
    return E()
