"""Improves an assignment by ruin and recreate within a number of iterations.

    search.RuinAndRecreate     the loop; params.SearchParams has every number of it
      start                    filled nodes to begin with
      ruin, recreate, repack   edit an assignment.Assignment, which undoes them
      search_cost, acceptance  rate it, and decide whether the search goes on from it
      stop, outcome            when the search ends, and what came of each iteration
    packing                    loads of single nodes, packings of cores, minimum bin slack
    replica_assignment, lcg    which replica is where in the end; random numbers

docs/planner.md, "The search", has the pseudocode.
"""
