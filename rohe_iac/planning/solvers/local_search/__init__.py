"""Improves an assignment by ruin and recreate within a number of iterations.

    search.RuinAndRecreate     the loop; params.SearchParams has every number of it
      start, min_bin_slack     filled nodes to begin with
      ruin, recreate, repack   edit an assignment.Assignment, which undoes them
      search_cost, acceptance  rate it, and decide whether the search goes on from it
      stop, outcome            when the search ends, and what came of each iteration
    node_load, core_packing    what is free on a node, and how its cores are dealt out
    replica_assignment, lcg    which replica is where in the end; random numbers

docs/planner.md, "The search", has the pseudocode.
"""
