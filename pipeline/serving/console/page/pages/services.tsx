import type { ServiceJson, ServicesJson } from "../../services-contract.ts";
import { duration } from "../format.ts";
import { Panel } from "../parts/panel.tsx";
import { Empty } from "../parts/states.tsx";
import { Remote, useResource } from "../resource.tsx";
import { href, type Route } from "../router.ts";
import { Counts, FeatureTable } from "../services/facts.tsx";
import { TryOut } from "../services/try-out.tsx";

const EVERY_MS = 3_000;

/** `#/services/NAME`: what models ask, to be tried out. */
export function ServicesPage({ segments }: Route) {
  const resource = useResource<ServicesJson>("api/services", EVERY_MS);
  return (
    <Remote of={resource} what="the services">
      {({ services, secured, max_keys: maxKeys, deadline_ms: deadlineMs }) => {
        const labelled = services.map((service) => ({ label: labelOf(service), service }));
        const shown = labelled.find(({ label }) => label === segments[0]) ?? labelled[0];
        if (shown === undefined) {
          return (
            <Empty title="No service is defined yet.">
              <p>A service is a file in pipeline/features/ and an entry in services.ts.</p>
            </Empty>
          );
        }
        const { label, service } = shown;
        return (
          <>
            {labelled.length > 1 && (
              <nav class="tabs" aria-label="Services">
                {labelled.map((each) => (
                  <a
                    key={each.label}
                    href={href(["services", each.label])}
                    aria-current={each.label === label ? "page" : undefined}
                  >
                    {each.label}
                  </a>
                ))}
              </nav>
            )}
            <Panel
              title={`${service.name}, version ${String(service.version)}`}
              note={`POST /v1/services/${label}:read, up to ${String(maxKeys)} keys, within ${duration(deadlineMs)}`}
            >
              <Counts service={service} />
            </Panel>
            <Panel title="Try it">
              <TryOut key={label} service={service} secured={secured} />
            </Panel>
            <Panel title="Vector" note={`${String(service.features.length)} features, in their order`}>
              <FeatureTable features={service.features} />
            </Panel>
            <Panel title="Request" note="What a caller knows and no store does, as JSON Schema">
              <pre class="code json" tabIndex={0} aria-label="The request’s schema">
                {JSON.stringify(service.request, null, 2)}
              </pre>
            </Panel>
          </>
        );
      }}
    </Remote>
  );
}

function labelOf({ name, version, newest }: ServiceJson): string {
  return newest ? name : `${name}@${String(version)}`;
}
