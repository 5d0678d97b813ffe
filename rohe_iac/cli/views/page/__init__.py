"""A plan as one self-contained HTML page: `page` fills the template from `nodes`, `bars`, `flow` and `flow_map`."""
