import * as gcp from "@pulumi/gcp";
import type * as pulumi from "@pulumi/pulumi";
import { Component, seconds, type Placement } from "./component.ts";

/** A key, and who may use it. */
export interface EncryptionArgs extends Omit<Placement, "kmsKey"> {
  readonly keyRing: string;
  readonly key: string;
  /** Members that encrypt and decrypt, by service. */
  readonly users: Readonly<Record<string, pulumi.Input<string>>>;
}

const ROTATION_MS = 90 * 86_400_000;

/**
 * A key of the project's own, which encrypts everything that keeps data. Google deletes no key ring: after a
 * teardown the ring's name stays taken in that project and region.
 */
export class Encryption extends Component {
  constructor(name: string, args: EncryptionArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("Encryption", name, opts);
    const { project, region, labels } = args;
    const keeping = this.keeping(args.deletionProtection);
    const ring = new gcp.kms.KeyRing("ring", { project, location: region, name: args.keyRing }, keeping);
    const key = new gcp.kms.CryptoKey(
      "key",
      { keyRing: ring.id, name: args.key, rotationPeriod: seconds(ROTATION_MS), labels },
      keeping,
    );
    for (const [service, member] of Object.entries(args.users)) {
      new gcp.kms.CryptoKeyIAMMember(
        service,
        { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member },
        this.child,
      );
    }
    this.registerOutputs({ key: key.id });
  }
}
