"""The filter language of ``%runs``, ``%compare`` and the comparison's widget.

A filter is read into a tree (`parser`), its names are looked up among those that runs carry (`names`), each condition
becomes a test of a run (`matching`), and MLflow's store is asked for the runs that can pass (`narrowing`, `plan`). The
widget reads the same language in TypeScript; ``comparison/web/test/filters.json`` holds the cases that both run.
"""
