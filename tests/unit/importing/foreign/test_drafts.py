"""Claims about the documents that drafts become."""

from __future__ import annotations

from rohe_iac.importing.foreign.drafts import ContractDraft, Drafts


def test_a_pipeline_is_one_draft_however_often_it_is_named() -> None:
    drafts = Drafts()
    first = drafts.pipeline("My App", "folder/a.yaml")
    assert drafts.pipeline("My App", "b.yaml") is first
    assert (first.name, first.annotations) == ("my-app", {"rohe.dev/original-name": "My App"})
    first.services.append({"name": "web"})
    ((document, comments),) = drafts.documents()
    assert document["kind"] == "Pipeline"
    assert comments == ("From a.yaml, b.yaml",)


def test_a_contract_without_a_pipeline_is_about_the_only_one() -> None:
    drafts = Drafts()
    drafts.pipeline("My App", "a.yaml").services.append({"name": "web"})
    drafts.contracts.append(ContractDraft("sla", "", "c.yaml", {"pipeline": "imported"}))
    documents = {document["kind"]: document for document, _ in drafts.documents()}
    assert documents["ObservationContract"]["spec"]["pipeline"] == "my-app"


def test_nodes_and_pipelines_make_a_stack_with_manifests_where_services_have_images() -> None:
    drafts = Drafts(name="lab")
    drafts.inventory.nodes.append({"name": "pi"})
    drafts.pipeline("app", "a.yaml").services.append({"name": "web", "image": "a"})
    stack = drafts.documents()[-1][0]
    assert (stack["kind"], stack["metadata"]["name"]) == ("Stack", "lab")
    assert stack["spec"]["target"] == {"manifests": {"directory": "manifests"}}
