import { describe, expect, it } from "vitest";
import { pick } from "./pick";

describe("pick", () => {
  it("keeps what the user chose", () => {
    expect(pick({ model: "gpt-4-turbo", tier: "pro" }).id).toBe("gpt-4-turbo");
  });
});
