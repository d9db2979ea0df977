"""All that makes a result: a step is read, plugins are fitted and asked under the harness's clock, arrays are left on disk."""
