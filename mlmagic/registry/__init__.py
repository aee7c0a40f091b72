"""The model registry: versions of models, their aliases, and the history of promotions, all of it in MLflow's registry.

A version is registered from a run (`registering`), now or when the store is back (`offline`), shown with the numbers of
its run (`facts`, `listing`), and promoted to an alias (`promotion`), if a gate passes it (`gates`). Each change is
recorded in tags (`history`); `claims` lets one process at a time change an alias, and `interrupted` tells what a killed
process left.
"""
