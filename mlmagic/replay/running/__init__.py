"""Run the cells of a plan: a kernel, a scratch folder, and an environment of their own."""
