import type { CatalogJson } from "../contract.ts";
import { type Resource, useResource } from "./resource.tsx";

/** What is defined. */
export function useCatalog(): Resource<CatalogJson> {
  return useResource<CatalogJson>("api/catalog");
}
