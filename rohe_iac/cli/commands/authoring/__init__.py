"""Commands that help to write blueprint documents, without planning anything.

`validate` checks documents, `fmt` writes them in their normal form and `schema` prints the schemas that editors use.
`import` makes documents of files of other tools, `import cluster` an Inventory of a Kubernetes cluster, which `diff`
compares with it later, and `export` writes files of the original ROHE.
"""
